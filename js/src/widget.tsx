// Entry point for anywidget.
import type { RenderProps } from "@anywidget/types";
import type { Traits } from "./contract.js";
import { createView } from "./view.js";

function render({ model, el, signal }: RenderProps<Traits>): () => void {
  const end = new AbortController();
  createView(model, el, end.signal);
  // Before anywidget 0.11 there was no signal, only the function that is returned.
  (signal as AbortSignal | undefined)?.addEventListener("abort", () => end.abort(), { signal: end.signal });
  return () => end.abort();
}

export default { render };
