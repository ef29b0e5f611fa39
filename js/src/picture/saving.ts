// A picture that the browser keeps: the renderer's in full quality, or what the canvas shows where that cannot be had.
import { CANVAS, type Size, type Traits } from "../contract.js";
import { CallError, type Link } from "../kernel/link.js";

const CANCELLED = "RequestCancelled";

/** What is shown, as the kernel lets it be rendered: in the view's size, with the legend where that stands. */
export async function render(link: Link, { width, height, dpr }: Size, place: Traits["legend_place"]): Promise<Blob> {
  const side = (length: number) => Math.min(Math.max(Math.round(length * dpr), CANVAS.minimum), CANVAS.maximum);
  const legend = place === "hidden" ? null : place;
  const text = await link.call("pictures.encoded", { size: [side(width), side(height)], legend });
  return new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/png" });
}

/** Whether somebody has given up what failed so. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof CallError && error.name === CANCELLED;
}

export function copyOf(canvas: HTMLCanvasElement): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve));
}
