// One view's messages: the handshake, commands with deadlines, and listeners for the kernel's messages.
import type { Calls, ErrorData, KernelMessages, PageMessages, Size, WidgetModel } from "../contract.js";
import { atEnd } from "../lifetime.js";

/** Messages can be lost until the kernel listens, so `ready` is repeated until `welcome` comes. */
const HELLO_PERIOD_MS = 1000;
const HELLO_TRIES = 30;
/** What the kernel answers at once, or should. */
const ANSWERED: readonly (keyof PageMessages)[] = ["ready", "camera", "call"];
const DEADLINE_MS = 30_000;
/** A circuit on a network disk takes long to open. */
const DEADLINES_MS: Partial<Record<keyof Calls, number>> = { "files.inspect": 120_000 };

/** A command that failed; `hint` says what the user can do about it, or "". */
export class CallError extends Error {
  readonly hint: string;

  constructor({ type, message, hint }: ErrorData) {
    super(message);
    this.name = type;
    this.hint = hint;
  }
}

export interface LinkEvents {
  welcome(message: KernelMessages["welcome"]): void;
  frame(message: KernelMessages["frame"], data: DataView): void;
  /** Something has come from the kernel. */
  heard(): void;
  /** A message was sent that the kernel answers. */
  expect(): void;
  /** A message could not be sent. */
  unsent(): void;
}

interface PendingCall {
  resolve(result: never): void;
  reject(error: CallError): void;
  timer: ReturnType<typeof setTimeout>;
}

export class Link {
  readonly #model: WidgetModel;
  readonly #view: string;
  readonly #events: LinkEvents;
  readonly #signal: AbortSignal;
  readonly #calls = new Map<number, PendingCall>();
  #lastCall = 0;
  #hello: ReturnType<typeof setTimeout> | undefined;

  /** `view` must be unique among all views; `signal` ends the link, and the kernel is told. */
  constructor(model: WidgetModel, view: string, events: LinkEvents, signal: AbortSignal) {
    this.#model = model;
    this.#view = view;
    this.#events = events;
    this.#signal = signal;
    const receive = (message: unknown, buffers: DataView[]) => this.#receive(message, buffers);
    model.on("msg:custom", receive);
    atEnd(signal, () => {
      model.off("msg:custom", receive);
      clearTimeout(this.#hello);
      for (const id of [...this.#calls.keys()]) {
        this.#fail(id, "ViewClosed", "The view was closed.", "");
      }
      this.#post("gone", {});
    });
  }

  send<K extends keyof PageMessages>(kind: K, fields: PageMessages[K]): void {
    if (this.#signal.aborted) {
      return;
    }
    try {
      this.#post(kind, fields);
    } catch {
      this.#events.unsent(); // Jupyter's error says "Cannot send", at each move of the pointer
      return;
    }
    if (ANSWERED.includes(kind)) {
      this.#events.expect();
    }
  }

  /** Greets the kernel until it answers; `size` is called each time. */
  greet(size: () => Size): void {
    clearTimeout(this.#hello);
    let tries = 0;
    const say = () => {
      tries += 1;
      this.send("ready", size());
      if (tries < HELLO_TRIES) {
        this.#hello = setTimeout(say, HELLO_PERIOD_MS);
      }
    };
    say();
  }

  /** Runs a command in the kernel; rejects with a CallError, at the latest when its deadline has passed. */
  call<K extends keyof Calls>(method: K, params: Calls[K]["params"]): Promise<Calls[K]["result"]> {
    this.#lastCall += 1;
    const id = this.#lastCall;
    const deadline = DEADLINES_MS[method] ?? DEADLINE_MS;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const message = `The kernel did not answer '${method}' within ${deadline / 1000} s.`;
        this.#fail(id, "DeadlineExceeded", message, "It may be busy, stopped or disconnected; look at its status.");
      }, deadline);
      this.#calls.set(id, { resolve, reject, timer });
      if (this.#signal.aborted) {
        this.#fail(id, "ViewClosed", "The view was closed.", "");
        return;
      }
      try {
        this.#post("call", { id, method, params });
        this.#events.expect();
      } catch (error) {
        // Jupyter's own messages, such as "Cannot send", say neither what happened nor what to do.
        console.warn("brayns_widget:", error);
        this.#events.unsent();
        this.#fail(id, "ConnectionLost", "This view has lost its kernel.", "Was it restarted? Run the cell again.");
      }
    });
  }

  #post(kind: string, fields: object): void {
    this.#model.send({ kind, view: this.#view, ...fields });
  }

  #fail(id: number, type: string, message: string, hint: string): void {
    const call = this.#calls.get(id);
    if (call) {
      this.#calls.delete(id);
      clearTimeout(call.timer);
      call.reject(new CallError({ type, message, hint }));
    }
  }

  #receive(content: unknown, buffers: DataView[]): void {
    const message = content as { kind?: string; view?: string } | null;
    if (message?.view !== this.#view) {
      return; // for another view of the same model
    }
    this.#events.heard();
    if (message.kind === "welcome") {
      clearTimeout(this.#hello);
      this.#events.welcome(content as KernelMessages["welcome"]);
    } else if (message.kind === "frame") {
      const data = buffers[0];
      if (data) {
        this.#events.frame(content as KernelMessages["frame"], data);
      } else {
        console.error("brayns_widget: a frame came without its picture", content);
      }
    } else if (message.kind === "reply") {
      this.#settle(content as KernelMessages["reply"]);
    }
  }

  #settle(reply: KernelMessages["reply"]): void {
    const call = this.#calls.get(reply.id);
    if (!call) {
      return; // its deadline has passed, which the user has been told
    }
    if (reply.error) {
      this.#fail(reply.id, reply.error.type, reply.error.message, reply.error.hint);
      return;
    }
    this.#calls.delete(reply.id);
    clearTimeout(call.timer);
    call.resolve(reply.result as never);
  }
}
