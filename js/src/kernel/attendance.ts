// A page that can be seen says so from time to time, or scenes that nobody touches would sleep on it.
import { atEnd } from "../lifetime.js";

/** Less than half of the time after which a scene sleeps whose views say nothing (REST in presence.py). */
const PERIOD_MS = 240_000;

/** Calls `tell` until `end`, but not while the page is hidden or frozen, or the computer asleep. */
export function attend(tell: () => void, end: AbortSignal): void {
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") {
      tell();
    }
  }, PERIOD_MS);
  atEnd(end, () => clearInterval(timer));
}
