// Life cycle: one signal ends a view and all its parts.

/** Runs `action` once, when `signal` is aborted, and then releases it. */
export function atEnd(signal: AbortSignal, action: () => void): void {
  signal.addEventListener("abort", action, { once: true });
}
