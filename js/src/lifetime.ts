// Ends of things: one signal ends a view and all that belongs to it.

/** Runs `action` once, when `signal` is aborted; then the signal holds on to nothing of it. */
export function atEnd(signal: AbortSignal, action: () => void): void {
  signal.addEventListener("abort", action, { once: true });
}
