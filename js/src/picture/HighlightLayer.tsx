// The selected cells, over the picture.
import { effect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { fitPicture } from "./canvas.js";
import { pixelsOf } from "./cells.js";
import { paintHighlight } from "./highlight.js";
import type { Ids } from "./ids.js";

export function HighlightLayer() {
  const { picture, traits } = useView();
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) {
      return;
    }
    const sizes = new ResizeObserver(() => fitPicture(element));
    sizes.observe(element);
    // Not by rendering, which may come after the next picture: this must never lie on another one than its own.
    const stop = effect(() => {
      const ids = traits.highlight.value ? picture.ids.value : null;
      const mask = ids && pixelsOf(ids, traits.selection.value, traits.models.value);
      element.hidden = !mask;
      if (ids && mask) {
        draw(element, ids, mask);
      }
    });
    return () => {
      sizes.disconnect();
      stop();
    };
  }, [picture, traits]);
  return <canvas ref={canvas} class="bw-highlight" hidden />;
}

function draw(element: HTMLCanvasElement, { width, height }: Ids, mask: Uint8Array): void {
  if (element.width !== width || element.height !== height) {
    element.width = width;
    element.height = height;
  }
  fitPicture(element);
  const wide = Math.max(Math.round(height / (element.clientHeight || height)), 1);
  const pixels = new Uint8ClampedArray(paintHighlight(mask, width, height, wide).buffer);
  element.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
}
