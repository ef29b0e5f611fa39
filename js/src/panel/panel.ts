// The side panel: its sections, and when they come to life.
import { type Context, watch } from "../context.js";
import { type Child, h } from "../dom.js";
import { LoadPanel } from "./load.js";
import { modelList } from "./models.js";
import { sceneControls } from "./scene.js";

export function createPanel(context: Context, id: string, resetCamera: () => void): HTMLElement {
  const { model, signal } = context;
  const load = new LoadPanel(context);
  const panel = h("aside", { class: "bw-panel", id, "aria-label": "Scene" }, [
    section("Models", [modelList(context)]),
    section("Load a circuit", [load.element]),
    section("View", [sceneControls(context, resetCamera)]),
  ]);
  const update = () => {
    panel.hidden = !model.get("panel_open");
    if (!panel.hidden && model.get("status").state === "ready") {
      load.start();
    }
  };
  watch(model, "panel_open", update, signal);
  watch(model, "status", update, signal);
  return panel;
}

function section(title: string, children: readonly Child[]): HTMLElement {
  return h("details", { class: "bw-section", open: true }, [h("summary", {}, [title]), ...children]);
}
