// One view's messages: the handshake, commands with deadlines, and listeners for the kernel's messages.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Calls, ErrorData, KernelMessages, PageMessages, Size, WidgetModel } from "../contract.js";
import { atEnd } from "../lifetime.js";
import { Retreat } from "./retreat.js";
import { FrameSocket, isLoopback, jupyterBase, proxied, type Steering } from "./socket.js";

/** Messages can be lost until the kernel listens, so `ready` is repeated until `welcome` comes. */
const HELLO_PERIOD_MS = 1000;
const HELLO_TRIES = 30;
/** What the kernel answers at once, or should. */
const ANSWERED: readonly (keyof PageMessages)[] = ["ready", "camera", "call"];
const DEADLINE_MS = 30_000;
/** A circuit on a network disk takes long to open, and a picture of a large scene to render. */
const DEADLINES_MS: Partial<Record<keyof Calls, number>> = {
  "connections.count_synapses": 120_000,
  "connections.list_partners": 120_000,
  "files.inspect": 120_000,
  "models.count_cells": 120_000,
  "models.count_node_sets": 120_000,
  "pictures.encoded": 900_000,
};

/** A command that failed; `hint` says what the user can do about it, or "". */
export class CallError extends Error {
  readonly hint: string;
  /** Of the mistake in a query, as a JSON pointer, or "". */
  readonly place: string;

  constructor({ type, message, hint, place = "" }: Omit<ErrorData, "place"> & Partial<ErrorData>) {
    super(message);
    this.name = type;
    this.hint = hint;
    this.place = place;
  }
}

export interface LinkEvents {
  welcome(message: KernelMessages["welcome"]): void;
  frame(message: KernelMessages["frame"], data: DataView): void;
  /** What a frame shows. */
  ids(message: KernelMessages["ids"], data: DataView): void;
  /** Frames come another way from now on: over a socket, or over the comm again. */
  rerouted(): void;
  /** The socket has broken, or can be tried again: the view has to be greeted again. */
  unplugged(): void;
  /** Whether what makes the frames does not answer or is gone. */
  maker(silent: boolean): void;
  /** Whether what is wanted has not been drawn for a while. */
  drawing(late: boolean): void;
  /** The kernel has ended, as its frame process saw. */
  kernelEnded(): void;
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
  readonly #base = jupyterBase();
  readonly #retreat: Retreat;
  #socket: FrameSocket | null = null;
  readonly #plugged = signal(false);

  /** `view` must be unique among all views; `signal` ends the link, and the kernel is told. */
  constructor(model: WidgetModel, view: string, events: LinkEvents, signal: AbortSignal) {
    this.#model = model;
    this.#view = view;
    this.#events = events;
    this.#signal = signal;
    const receive = (message: unknown, buffers: DataView[]) => this.#receive(message, buffers);
    model.on("msg:custom", receive);
    this.#retreat = new Retreat(() => events.unplugged(), signal);
    atEnd(signal, () => {
      model.off("msg:custom", receive);
      clearTimeout(this.#hello);
      this.#unplug();
      for (const id of [...this.#calls.keys()]) {
        this.#fail(id, "ViewClosed", "The view was closed.", "");
      }
      try {
        this.#post("gone", {});
      } catch {
        // Its tab was closed, or the kernel restarted, so there is nobody to tell.
      }
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

  /** Whether frames come over the page's own socket. */
  get plugged(): ReadonlySignal<boolean> {
    return this.#plugged;
  }

  /** Sends a camera or acknowledgements, the way that frames come. */
  steer<K extends keyof Steering>(kind: K, fields: Steering[K]): void {
    if (this.#socket && this.#plugged.peek()) {
      this.#socket.send(kind, fields);
      if ("moving" in fields && !fields.moving) {
        this.#events.expect(); // the kernel gets the end of a gesture as a trait, and would not be missed otherwise
      }
    } else {
      this.send(kind, fields as PageMessages[K]);
    }
  }

  /** Greets the kernel until it answers; `size` is called each time. */
  greet(size: () => Size): void {
    clearTimeout(this.#hello);
    this.#unplug();
    let tries = 0;
    const say = () => {
      tries += 1;
      const origin = this.#base === null || this.#retreat.lasts ? "" : location.origin;
      this.send("ready", { ...size(), origin, loopback: this.#base !== null && isLoopback(location.hostname) });
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

  #fail(id: number, type: string, message: string, hint: string, place = ""): void {
    const call = this.#calls.get(id);
    if (call) {
      this.#calls.delete(id);
      clearTimeout(call.timer);
      call.reject(new CallError({ type, message, hint, place }));
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
    } else if (message.kind === "socket") {
      this.#plug(content as KernelMessages["socket"]);
    } else if (message.kind === "maker") {
      this.#events.maker((content as KernelMessages["maker"]).silent);
    } else if (message.kind === "late") {
      this.#events.drawing((content as KernelMessages["late"]).late);
    } else if (message.kind === "frame" || message.kind === "ids") {
      const data = buffers[0];
      if (this.#plugged.peek()) {
        return; // it was under way while the socket was opened
      }
      if (!data) {
        console.error("brayns_widget: a message came without its bytes", content);
      } else if (message.kind === "frame") {
        this.#events.frame(content as KernelMessages["frame"], data);
      } else {
        this.#events.ids(content as KernelMessages["ids"], data);
      }
    } else if (message.kind === "reply") {
      this.#settle(content as KernelMessages["reply"]);
    }
  }

  #plug({ port, ticket }: KernelMessages["socket"]): void {
    if (this.#base === null || this.#retreat.lasts) {
      return;
    }
    // A greeting that was repeated has started the view anew: its old socket gets no frames any more.
    this.#unplug();
    let opened: number | null = null;
    this.#socket = new FrameSocket(proxied(this.#base, port), ticket, {
      opened: () => {
        opened = performance.now();
        this.#plugged.value = true;
        this.#events.rerouted();
      },
      frame: (frame, data) => this.#events.frame(frame, data),
      ids: (ids, data) => this.#events.ids(ids, data),
      kernelEnded: () => this.#events.kernelEnded(),
      closed: (reason) => {
        this.#unplug();
        if (this.#retreat.broke(opened === null ? null : performance.now() - opened)) {
          this.send("no-socket", { reason });
        }
        if (opened !== null) {
          this.#events.unplugged();
        }
      },
    });
  }

  #unplug(): void {
    this.#socket?.close();
    this.#socket = null;
    this.#plugged.value = false;
  }

  #settle(reply: KernelMessages["reply"]): void {
    const call = this.#calls.get(reply.id);
    if (!call) {
      return; // its deadline has passed, which the user has been told
    }
    if (reply.error) {
      const { type, message, hint, place } = reply.error;
      this.#fail(reply.id, type, message, hint, place);
      return;
    }
    this.#calls.delete(reply.id);
    clearTimeout(call.timer);
    call.resolve(reply.result as never);
  }
}
