// One view of a widget: puts its parts together and takes them apart.
import { Canvas } from "./canvas.js";
import { toHex } from "./colors.js";
import { type Context, publish, watch } from "./context.js";
import type { Model } from "./contract.js";
import { h, iconButton } from "./dom.js";
import { Footer } from "./footer.js";
import { FrameDecoder } from "./frames.js";
import { KEYS_HELP, listen } from "./gestures.js";
import { createHandle } from "./handle.js";
import { atEnd } from "./lifetime.js";
import { Link } from "./link.js";
import { createNotice } from "./notice.js";
import { Overlay } from "./overlay.js";
import { createPanel } from "./panel/panel.js";
import { Pilot } from "./pilot.js";

const HEIGHT = 480;

/** Fills `el`, and empties it again when `signal` is aborted. */
export function createView(model: Model, el: HTMLElement, signal: AbortSignal): void {
  // Not randomUUID, which pages served over plain HTTP do not have.
  const view = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");
  const element = h("canvas", {
    class: "bw-canvas",
    tabindex: 0,
    role: "application",
    "aria-label": KEYS_HELP,
  });
  const link = new Link(
    model,
    view,
    {
      welcome: () => {
        decoder.restart();
        overlay.silent(false);
        link.send("visible", { visible: canvas.visible });
      },
      frame: (frame, data) => decoder.push(frame, data),
      silent: () => overlay.silent(true),
    },
    signal,
  );
  const pilot = new Pilot(
    {
      read: () => model.get("camera"),
      send: (camera, moving) => link.send("camera", { camera, moving }),
    },
    signal,
  );
  const context: Context = { model, link, pilot, signal };
  const overlay = new Overlay(context);
  const footer = new Footer(context);
  const decoder = new FrameDecoder((blob) => createImageBitmap(blob), {
    show: (bitmap, frame) => {
      canvas.show(bitmap);
      footer.showFrame(frame);
      overlay.pictured();
    },
    ack: (seq, shown, decode_ms) => link.send("ack", { seq, shown, decode_ms }),
    broken: (error) => {
      console.error("brayns_widget: a frame could not be decoded", error);
      overlay.hint("A picture came that this browser cannot decode.");
    },
  });
  const greet = () => link.greet(() => canvas.size);
  const canvas = new Canvas(
    element,
    {
      ready: greet,
      resized: (size) => link.send("resize", size),
      visible: (visible) => link.send("visible", { visible }),
    },
    signal,
  );
  const resetCamera = () => {
    pilot.release();
    link.call("reset_camera", {}).catch((error: unknown) => overlay.hint(String(error)));
  };
  listen(
    element,
    pilot,
    {
      reset: resetCamera,
      wheelIgnored: () => overlay.hint("Click the picture, or hold Ctrl, to zoom with the wheel."),
    },
    signal,
  );

  const panelId = `bw-panel-${view}`;
  const panel = createPanel(context, panelId, resetCamera);
  const toggle = iconButton("panel", "Panel", () => publish(model, "panel_open", !model.get("panel_open")));
  toggle.setAttribute("aria-controls", panelId);
  const tools = h("div", { class: "bw-tools" }, [iconButton("reset", "Reset camera", resetCamera), toggle]);
  const stage = h("div", { class: "bw-stage" }, [element, overlay.element, tools, createNotice(context, greet)]);
  const body = h("div", { class: "bw-body" }, [stage, panel]);
  const show = (height: number) => {
    body.style.height = `${height}px`;
    handle.setAttribute("aria-valuenow", String(height));
  };
  const handle = createHandle(
    () => body.offsetHeight,
    show,
    (height) => publish(model, "height", height),
  );
  // JupyterLab leaves keys alone that are pressed in here; other notebooks listen further up. Shortcuts with Ctrl or ⌘,
  // such as Ctrl+S, remain theirs. (JupyterLab looks before we do, but the modifier's own event comes first.)
  const root = h("div", { class: "brayns-widget", "data-lm-suppress-shortcuts": "true" }, [body, footer.element, handle], {
    onkeydown: (event) => {
      const theirs = event.ctrlKey || event.metaKey;
      suppress(!theirs);
      if (!theirs) {
        event.stopPropagation();
      }
    },
    onkeyup: (event) => suppress(!(event.ctrlKey || event.metaKey)),
    onfocusout: () => suppress(true),
  });
  const suppress = (on: boolean) => {
    if (on) {
      root.dataset["lmSuppressShortcuts"] = "true";
    } else {
      delete root.dataset["lmSuppressShortcuts"];
    }
  };

  watch(model, "camera", () => pilot.follow(), signal);
  watch(model, "height", (height) => show(height || HEIGHT), signal);
  const showPanel = (open: boolean) => {
    toggle.setAttribute("aria-expanded", String(open));
    root.classList.toggle("bw-open", open);
  };
  watch(model, "panel_open", showPanel, signal);
  watch(model, "background", (color) => (element.style.backgroundColor = toHex(color)), signal);
  watch(model, "status", ({ state }) => (root.dataset["state"] = state), signal);
  el.append(root);
  atEnd(signal, () => {
    decoder.close();
    root.remove();
  });
}
