import assert from "node:assert/strict";
import { test } from "node:test";
import type { WidgetModel } from "../src/contract.js";
import { Link } from "../src/kernel/link.js";

class Socket {
  static readonly opened: Socket[] = [];
  readonly address: string;
  open = true;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(address: string) {
    this.address = address;
    Socket.opened.push(this);
  }

  send(): void {}

  close(): void {
    this.open = false;
  }
}

test("the kernel's last offer of a socket counts, for it starts the view anew with each greeting", () => {
  Object.assign(globalThis, {
    WebSocket: Socket,
    location: { protocol: "http:", host: "localhost", hostname: "localhost", origin: "http://localhost" },
    window: new EventTarget(),
    document: Object.assign(new EventTarget(), {
      getElementById: () => null,
      body: { dataset: { baseUrl: "/user/ada/" } },
    }),
  });
  const handlers: ((message: unknown, buffers: DataView[]) => void)[] = [];
  const model = {
    on: (_: string, handler: (message: unknown, buffers: DataView[]) => void) => handlers.push(handler),
    off: () => {},
    send: () => {},
  } as unknown as WidgetModel;
  const nothing = () => {};
  const events = { welcome: nothing, frame: nothing, ids: nothing, heard: nothing, expect: nothing, unsent: nothing };
  const end = new AbortController();
  const link = new Link(
    model,
    "me",
    { ...events, rerouted: nothing, unplugged: nothing, maker: nothing, drawing: nothing, kernelEnded: nothing },
    end.signal,
  );
  const offer = (port: number) => handlers[0]?.({ kind: "socket", view: "me", port, ticket: "t" }, []);
  offer(1);
  Socket.opened[0]?.onmessage?.({ data: "welcome" });
  assert.equal(link.plugged.value, true);
  offer(2);
  assert.equal(link.plugged.value, false);
  Socket.opened[1]?.onmessage?.({ data: "welcome" });
  assert.equal(link.plugged.value, true);
  assert.deepEqual(
    Socket.opened.map(({ address, open }) => [address, open]),
    [
      ["ws://localhost/user/ada/proxy/1/frames", false],
      ["ws://localhost/user/ada/proxy/2/frames", true],
    ],
  );
  end.abort();
  assert.equal(Socket.opened[1]?.open, false);
});
