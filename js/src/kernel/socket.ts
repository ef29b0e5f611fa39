// The page's own socket for frames: through the Jupyter server to the kernel's machine, without the comm.
import type { Frame, FrameIds, PageMessages } from "../contract.js";

const OPEN_MS = 5000;
const WELCOME = "welcome";
const FAREWELL = "kernel-ended";

export type Steering = Pick<PageMessages, "camera" | "ack">;

export interface SocketEvents {
  /** The ticket was taken. */
  opened(): void;
  frame(frame: Frame, data: DataView): void;
  /** What a frame shows. */
  ids(ids: FrameIds, data: DataView): void;
  /** The kernel has ended, and the socket closes. */
  kernelEnded(): void;
  /** It has closed, or could not be opened; not called after `close`. */
  closed(reason: string): void;
}

/** The path of this page's Jupyter server, such as "/user/ada/", or null where the page is not one of such a server. */
export function jupyterBase(): string | null {
  if (!location.protocol.startsWith("http")) {
    return null;
  }
  const config = document.getElementById("jupyter-config-data")?.textContent;
  let base: unknown = document.body.dataset["baseUrl"];
  if (config) {
    try {
      base = (JSON.parse(config) as { baseUrl?: unknown }).baseUrl;
    } catch {
      return null; // another page's element of this name
    }
  }
  return typeof base === "string" && base.startsWith("/") ? base.replace(/\/*$/, "/") : null;
}

/** Whether a host name of an address is this machine, so that the way there is the loopback interface. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

/** The address of a port of the kernel's machine, by jupyter-server-proxy. */
export function proxied(base: string, port: number): string {
  return `${location.protocol.replace("http", "ws")}//${location.host}${base}proxy/${port}/frames`;
}

type Header = ({ readonly kind: "frame" } & Frame) | ({ readonly kind: "ids" } & FrameIds);

/** Takes a packed message apart: the header's length as 32 bits, little endian, the header as JSON, the bytes. */
export function unpack(message: ArrayBuffer): { header: Header; data: DataView } {
  const length = new DataView(message).getUint32(0, true);
  const header = new TextDecoder().decode(new Uint8Array(message, 4, length));
  return { header: JSON.parse(header) as Header, data: new DataView(message, 4 + length) };
}

export class FrameSocket {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  readonly #timer: ReturnType<typeof setTimeout>;
  #over = false;

  /** Opens a socket; `ticket` is its first message, because servers log addresses. */
  constructor(address: string, ticket: string, events: SocketEvents) {
    this.#events = events;
    this.#socket = new WebSocket(address);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#socket.send(JSON.stringify({ ticket }));
    this.#socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => this.#receive(data);
    this.#socket.onclose = ({ reason }) => this.#end(reason || "The Jupyter server does not forward it.");
    this.#timer = setTimeout(() => this.#end("The Jupyter server did not answer."), OPEN_MS);
  }

  send<K extends keyof Steering>(kind: K, fields: Steering[K]): void {
    this.#socket.send(JSON.stringify({ kind, ...fields }));
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #receive(data: string | ArrayBuffer): void {
    if (this.#over) {
      return;
    }
    if (typeof data !== "string") {
      const { header, data: bytes } = unpack(data);
      if (header.kind === "frame") {
        this.#events.frame(header, bytes);
      } else if (header.kind === "ids") {
        this.#events.ids(header, bytes);
      }
    } else if (data === WELCOME) {
      clearTimeout(this.#timer);
      this.#events.opened();
    } else if (data === FAREWELL) {
      this.#events.kernelEnded();
    }
  }

  #end(reason: string): void {
    if (!this.#over) {
      this.close();
      this.#events.closed(reason);
    }
  }
}
