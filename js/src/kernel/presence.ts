// Whether the kernel is there: by what Jupyter tells of it, and by whether questions are answered.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { WidgetModel } from "../contract.js";
import { atEnd } from "../lifetime.js";
import { hasEnded } from "./binder.js";
import { jupyterBase } from "./socket.js";

/**
 * "busy": a question waits for its answer; "silent": for long; "offline": while there is no network; "ended": its frame
 * process saw it end; "discarded": Binder has ended the session. The last two are final.
 */
export type Presence =
  | "here"
  | "busy"
  | "silent"
  | "offline"
  | "unreachable"
  | "ended"
  | "discarded"
  | "restarted"
  | "stopped";

/** A kernel that answers later than this is told to be busy; one that answers later than the other, to be silent. */
const ANSWER_MS = 1500;
/** Whoever expects an answer is heard by any message; only without one the kernel is asked. */
const EXPECT_MS = 700;
const SILENT_MS = 30_000;
/** Pause between questions of a view that nobody uses, and between those that repeat an unanswered one. */
const PERIOD_MS = 10_000;
/** The same on Binder, which counts messages as use of the kernel: enough to keep it while someone looks on. */
const BINDER_PERIOD_MS = 60_000;
/** The first pause between questions whether Binder has ended the session, and the longest. */
const PROBE_MS = 1000;
const PROBE_MAX_MS = 30_000;
const REPEAT_MS = 3000;
/** A timer that comes later than this was held up, because the page was frozen or the computer asleep. */
const SLACK_MS = 1000;
/** A page that nobody has touched for this time asks nothing, so that idle kernels can be ended. */
const AWAY_MS = 600_000;

interface JupyterSignal<T> {
  connect(slot: (sender: unknown, value: T) => void): unknown;
  disconnect(slot: (sender: unknown, value: T) => void): unknown;
}

/** What ipywidgets' models tell beside changes of traits: their comm has come or gone. */
interface CommEvents {
  on(event: "comm_live_update", callback: () => void): void;
  off(event: "comm_live_update", callback: () => void): void;
}

/** The part of JupyterLab's IKernelConnection that is used here; other applications may have none of it. */
interface JupyterKernel {
  readonly status: string;
  readonly statusChanged: JupyterSignal<string>;
  readonly connectionStatusChanged: JupyterSignal<string>;
  readonly disposed: JupyterSignal<unknown>;
  reconnect(): Promise<void>;
}

function kernelOf(model: WidgetModel): JupyterKernel | null {
  const { kernel } = (model.widget_manager ?? {}) as unknown as { kernel?: Partial<JupyterKernel> | null };
  const known = kernel?.statusChanged && kernel.connectionStatusChanged && kernel.disposed && kernel.reconnect;
  return known ? (kernel as JupyterKernel) : null;
}

export class KernelWatch {
  readonly #ask: () => void;
  readonly #back: () => void;
  readonly #signal: AbortSignal;
  readonly #kernel: JupyterKernel | null;
  readonly #state = signal<Presence>("here");
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  /** When the oldest question without an answer was asked. */
  #asked: number | null = null;
  #visible = false;
  #binder = false;
  #offline = false;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #used = performance.now();

  /** `ask` sends a question, and `back` is called when a kernel that was out of reach is there again. */
  constructor(model: WidgetModel, ask: () => void, back: () => void, end: AbortSignal) {
    this.#ask = ask;
    this.#back = back;
    this.#signal = end;
    this.#kernel = kernelOf(model);
    this.#followKernel(end);
    this.#followPage(model, end);
  }

  get state(): ReadonlySignal<Presence> {
    return this.#state;
  }

  /** Something of the kernel's has come. */
  heard(): void {
    if (this.#final || this.#signal.aborted) {
      return;
    }
    this.#asked = null;
    if (this.#state.value !== "unreachable") {
      this.#state.value = "here";
    }
    this.#wait(this.#binder ? BINDER_PERIOD_MS : PERIOD_MS);
  }

  /** Something was sent that should be answered: if nothing is, it will be told. */
  expect(): void {
    if (this.#asked === null && this.#curious) {
      this.#asked = performance.now();
      this.#wait(EXPECT_MS);
    }
  }

  /** A message could not be sent. */
  unsent(): void {
    if (!this.#lost) {
      this.#lose(this.#kernel?.status === "dead" ? "stopped" : "silent");
    }
  }

  /** The kernel has welcomed the view, and says whether it runs on Binder. */
  welcomed(binder: boolean): void {
    this.#binder = binder;
  }

  /** Whether the kernel runs, or ran, on Binder. */
  get binder(): boolean {
    return this.#binder;
  }

  /** The kernel's frame process has seen it end; Jupyter tells later what became of it. */
  ended(): void {
    this.#lose("ended");
  }

  /** A view that cannot be seen asks nothing. */
  look(visible: boolean): void {
    this.#visible = visible;
    clearTimeout(this.#timer);
    this.#doubt();
  }

  /** How to reconnect, while that can help; else null. */
  get reconnect(): (() => Promise<void>) | null {
    const kernel = this.#kernel;
    return kernel && this.#state.value === "unreachable" ? () => kernel.reconnect() : null;
  }

  get #final(): boolean {
    return this.#state.value === "restarted" || this.#state.value === "stopped";
  }

  /** Whether it is known already that no answer can come. */
  get #lost(): boolean {
    return this.#final || ["unreachable", "ended", "discarded"].includes(this.#state.value);
  }

  #lose(state: Presence): void {
    if (this.#final || this.#state.value === "discarded") {
      return;
    }
    this.#state.value = state;
    this.#asked = null;
    clearTimeout(this.#timer);
    const base = this.#binder ? jupyterBase() : null;
    if (base !== null && (state === "unreachable" || state === "stopped")) {
      void this.#askHub(base, state, PROBE_MS);
    }
  }

  /** Asks whether Binder has ended the session, until that is known or the kernel is back. */
  async #askHub(base: string, state: Presence, pause: number): Promise<void> {
    clearTimeout(this.#probe);
    const current = () => this.#state.value === state && !this.#signal.aborted;
    const ended = current() && (await hasEnded(base));
    if (!current()) {
      return;
    }
    if (ended) {
      this.#state.value = "discarded";
    } else {
      this.#probe = setTimeout(() => void this.#askHub(base, state, Math.min(2 * pause, PROBE_MAX_MS)), pause);
    }
  }

  #question(): void {
    if (this.#curious) {
      const now = performance.now();
      this.#asked ??= now;
      this.#wait(this.#state.value === "here" ? Math.max(this.#asked + ANSWER_MS - now, 0) : REPEAT_MS);
      this.#ask();
    }
  }

  /** Whether an answer would be of use. */
  get #curious(): boolean {
    const away = performance.now() - this.#used > AWAY_MS;
    return !this.#lost && !away && this.#visible && !this.#signal.aborted;
  }

  #wait(pause: number): void {
    clearTimeout(this.#timer);
    this.#due = performance.now() + pause;
    this.#timer = setTimeout(() => this.#wake(), pause);
  }

  #wake(): void {
    const now = performance.now();
    if (now > this.#due + SLACK_MS) {
      this.#doubt(); // an answer may lie here, but is read only after this
      return;
    }
    if (this.#asked !== null && now - this.#asked >= ANSWER_MS - 1) {
      // Without an answer only, since a server on this computer needs no network.
      const unanswered = now - this.#asked < SILENT_MS ? "busy" : "silent";
      this.#state.value = this.#offline ? "offline" : unanswered;
    }
    this.#question();
  }

  /** Something has happened: what is known of the kernel may be old. */
  #doubt(): void {
    this.#used = performance.now();
    this.#asked = null;
    this.#question();
  }

  #followKernel(end: AbortSignal): void {
    const kernel = this.#kernel;
    if (!kernel) {
      return;
    }
    const status = (_: unknown, now: string) => {
      if (now === "restarting" || now === "autorestarting") {
        this.#lose("restarted");
      } else if (now === "dead" || now === "terminating") {
        this.#lose("stopped");
      }
    };
    const connection = (_: unknown, now: string) => {
      if (now !== "connected") {
        this.#lose("unreachable");
      } else if (this.#state.value === "unreachable" || this.#state.value === "discarded") {
        this.#state.value = "here";
        this.#back();
        this.#question();
      }
    };
    const disposed = () => this.#lose("stopped");
    kernel.statusChanged.connect(status);
    kernel.connectionStatusChanged.connect(connection);
    kernel.disposed.connect(disposed);
    atEnd(end, () => {
      kernel.statusChanged.disconnect(status);
      kernel.connectionStatusChanged.disconnect(connection);
      kernel.disposed.disconnect(disposed);
    });
    status(null, kernel.status);
  }

  #followPage(model: WidgetModel, end: AbortSignal): void {
    const doubt = () => this.#doubt();
    const comms = model as unknown as CommEvents;
    comms.on("comm_live_update", doubt);
    const use = () => {
      const away = performance.now() - this.#used > AWAY_MS;
      this.#used = performance.now();
      if (away) {
        doubt();
      }
    };
    for (const name of ["pointermove", "pointerdown", "keydown"]) {
      window.addEventListener(name, use, { signal: end, capture: true, passive: true });
    }
    for (const name of ["online", "offline"]) {
      const change = () => {
        this.#offline = name === "offline";
        doubt();
      };
      window.addEventListener(name, change, { signal: end });
    }
    document.addEventListener("resume", doubt, { signal: end });
    atEnd(end, () => {
      comms.off("comm_live_update", doubt);
      clearTimeout(this.#timer);
      clearTimeout(this.#probe);
    });
  }
}
