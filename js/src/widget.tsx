// Entry point for anywidget.
import type { InitializeProps, RenderProps } from "@anywidget/types";
import type { Traits } from "./contract.js";
import { keepStills } from "./kernel/stills.js";
import { createView } from "./view.js";

function initialize({ model, signal }: InitializeProps<Traits>): () => void {
  const { end, stop } = endWith(signal);
  keepStills(model, end);
  return stop;
}

function render({ model, el, signal }: RenderProps<Traits>): () => void {
  const { end, stop } = endWith(signal);
  createView(model, el, end);
  return stop;
}

// Before anywidget 0.11 there was no signal, only the function that is returned.
function endWith(signal: AbortSignal | undefined): { end: AbortSignal; stop: () => void } {
  const end = new AbortController();
  const stop = () => end.abort();
  signal?.addEventListener("abort", stop, { signal: end.signal });
  return { end: end.signal, stop };
}

export default { initialize, render };
