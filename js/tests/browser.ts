// Stand-ins for what a browser has and Node.js lacks.
import type { TestContext } from "node:test";

/** A WebSocket whose other end is the test. */
export class FakeWebSocket {
  static made: FakeWebSocket[] = [];

  binaryType = "blob";
  closed = false;
  readonly sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { reason: string }) => void) | null = null;

  constructor(readonly address: string) {
    FakeWebSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  /** The server takes the ticket. */
  welcome(): void {
    this.onopen?.();
    this.onmessage?.({ data: "welcome" });
  }

  /** The other end closes it. */
  break(reason = ""): void {
    this.onclose?.({ reason });
  }
}

export interface Place {
  /** The address of the page. */
  href?: string;
  /** The text of the element jupyter-config-data. */
  config?: string;
  /** The attribute data-base-url of the body. */
  baseUrl?: string;
}

/** Makes this the page of a Jupyter server until the test is over. */
export function stayAt(t: TestContext, { href = "http://hub.example:8000/lab", config, baseUrl }: Place): void {
  const url = new URL(href);
  const standIns = {
    window: new EventTarget(),
    location: { protocol: url.protocol, host: url.host, hostname: url.hostname, origin: url.origin },
    document: Object.assign(new EventTarget(), {
      visibilityState: "visible",
      getElementById: (id: string) =>
        id === "jupyter-config-data" && config !== undefined ? { textContent: config } : null,
      body: { dataset: baseUrl === undefined ? {} : { baseUrl } },
    }),
    WebSocket: FakeWebSocket,
  };
  FakeWebSocket.made = [];
  for (const [name, value] of Object.entries(standIns)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    t.after(() => {
      if (before) {
        Object.defineProperty(globalThis, name, before);
      } else {
        Reflect.deleteProperty(globalThis, name);
      }
    });
  }
}

/** The page's only socket. */
export function theSocket(): FakeWebSocket {
  const [socket, ...others] = FakeWebSocket.made;
  if (!socket || others.length > 0) {
    throw new Error(`there are ${FakeWebSocket.made.length} sockets`);
  }
  return socket;
}

/** A packed message, as the server sends it. */
export function packed(header: object, picture: string): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const data = new TextEncoder().encode(picture);
  const message = new ArrayBuffer(4 + text.length + data.length);
  new DataView(message).setUint32(0, text.length, true);
  new Uint8Array(message).set(text, 4);
  new Uint8Array(message).set(data, 4 + text.length);
  return message;
}

export function textOf(data: DataView): string {
  return new TextDecoder().decode(data);
}
