// When a page tries a socket of its own again after sockets have broken; meanwhile its frames come over the comm.
import { atEnd } from "../lifetime.js";

/** Sockets in a row that may break until the page retreats. */
const BREAKS = 5;
/** One that was open for this long has worked. */
const STABLE_MS = 60_000;
/** The first retreat and the longest; each one in a row takes twice the time of the last. */
const PAUSE_MS = 30_000;
const PAUSE_MAX_MS = 600_000;
/** Within this time of the last failure not even a page that is seen or online again tries. */
const LEAST_MS = 5000;

export class Retreat {
  readonly #over: () => void;
  #breaks = 0;
  #pause = PAUSE_MS;
  #began: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `over` is called when a retreat ends: by time, or because the page is seen or online again. */
  constructor(over: () => void, signal: AbortSignal) {
    this.#over = over;
    window.addEventListener("online", () => this.#nudge(), { signal });
    const look = () => document.visibilityState === "visible" && this.#nudge();
    document.addEventListener("visibilitychange", look, { signal });
    atEnd(signal, () => clearTimeout(this.#timer));
  }

  /** Whether no socket is tried at present. */
  get lasts(): boolean {
    return this.#began !== null;
  }

  /** A socket has closed that was open for `lived` ms, or could not be opened (null); returns whether to retreat. */
  broke(lived: number | null): boolean {
    if (lived !== null && lived >= STABLE_MS) {
      this.#breaks = 0;
      this.#pause = PAUSE_MS;
    }
    this.#breaks += 1;
    if (lived !== null && this.#breaks < BREAKS) {
      return false;
    }
    this.#began = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, PAUSE_MAX_MS);
    return true;
  }

  #nudge(): void {
    if (this.#began !== null && performance.now() - this.#began >= LEAST_MS) {
      this.#end();
    }
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#began = null;
    this.#over();
  }
}
