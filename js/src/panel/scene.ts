// What concerns the whole picture: the camera and the background.
import { project } from "../camera.js";
import { fromHex, toHex } from "../colors.js";
import { type Context, publish, watch } from "../context.js";
import { button, field, h, options } from "../dom.js";

export function sceneControls(context: Context, resetCamera: () => void): HTMLElement {
  const { model, pilot, signal } = context;
  const projection = h("select", {}, [], {
    onchange: () => {
      pilot.steer((camera) => project(camera, projection.value === "orthographic" ? "orthographic" : "perspective"));
      pilot.rest();
    },
  });
  options(projection, [
    ["perspective", "Perspective"],
    ["orthographic", "Orthographic"],
  ]);
  const background = h("input", { type: "color" }, [], {
    onchange: () => publish(model, "background", fromHex(background.value, model.get("background")[3])),
  });
  watch(model, "camera", (camera) => (projection.value = camera.type), signal);
  watch(model, "background", (color) => (background.value = toHex(color)), signal);
  return h("div", {}, [
    field("Projection", projection),
    field("Background", background),
    h("div", { class: "bw-actions" }, [button("Reset camera", resetCamera)]),
  ]);
}
