// The bar below a view that sets its height, by pointer or by keys.
import { h } from "./dom.js";

const HEIGHT_MIN = 160;
const HEIGHT_MAX = 2000;
const STEP = 20;

/** `show` follows the pointer, `commit` gets the height that was chosen; both in CSS pixels. */
export function createHandle(read: () => number, show: (height: number) => void, commit: (height: number) => void): HTMLElement {
  const handle = h("div", {
    class: "bw-handle",
    role: "separator",
    tabindex: 0,
    "aria-orientation": "horizontal",
    "aria-label": "Height of the view",
    "aria-valuemin": HEIGHT_MIN,
    "aria-valuemax": HEIGHT_MAX,
    title: "Drag to change the height",
  });
  const fit = (height: number) => Math.round(Math.min(Math.max(height, HEIGHT_MIN), HEIGHT_MAX));
  let drag: { id: number; offset: number; height: number } | null = null;
  handle.addEventListener("pointerdown", (event) => {
    if (event.button === 0) {
      handle.setPointerCapture(event.pointerId);
      drag = { id: event.pointerId, offset: read() - event.clientY, height: read() };
    }
  });
  handle.addEventListener("pointermove", (event) => {
    if (drag?.id === event.pointerId) {
      drag.height = fit(event.clientY + drag.offset);
      show(drag.height);
    }
  });
  const end = (event: PointerEvent) => {
    if (drag?.id === event.pointerId) {
      const { height } = drag;
      drag = null;
      commit(height);
    }
  };
  handle.addEventListener("pointerup", end);
  handle.addEventListener("pointercancel", end);
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
    if (step) {
      event.preventDefault();
      commit(fit(read() + step));
    }
  });
  return handle;
}
