// A picture that the browser keeps: the renderer's in full quality, or what the canvas shows where that cannot be had.
import { CANVAS, type Size, type Traits } from "../contract.js";
import { CallError, type Link } from "../kernel/link.js";

const CANCELLED = "RequestCancelled";

/** What lies over the picture. */
type Shown = Pick<Traits, "legend_place" | "scale_bar">;

/** What is shown, as the kernel lets it be rendered: in the view's size, with what lies over it where it stands. */
export async function render(link: Link, { width, height, dpr }: Size, shown: Shown): Promise<Blob> {
  const side = (length: number) => Math.min(Math.max(Math.round(length * dpr), CANVAS.minimum), CANVAS.maximum);
  const legend = shown.legend_place === "hidden" ? null : shown.legend_place;
  const size = [side(width), side(height)] as const;
  const text = await link.call("pictures.encoded", { size, legend, scale_bar: shown.scale_bar });
  return new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/png" });
}

/** Whether somebody has given up what failed so. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof CallError && error.name === CANCELLED;
}

export function copyOf(canvas: HTMLCanvasElement): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve));
}
