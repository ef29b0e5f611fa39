import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WidgetModel } from "../src/contract.js";
import { CallError, Link } from "../src/kernel/link.js";
import { FakeWebSocket, type Place, packed, stayAt, textOf, theSocket } from "./browser.js";

type Message = Record<string, unknown>;

const LAB: Place = { config: '{"baseUrl": "/user/ada/"}' };

function setUp(t: TestContext, place: Place = {}) {
  stayAt(t, place);
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const handlers = new Set<(message: unknown, buffers: DataView[]) => void>();
  const sent: Message[] = [];
  const heard: string[] = [];
  const model = {
    on: (_: string, handler: (message: unknown, buffers: DataView[]) => void) => handlers.add(handler),
    off: (_: string, handler: (message: unknown, buffers: DataView[]) => void) => handlers.delete(handler),
    send: (message: Message) => void sent.push(message),
  } as unknown as WidgetModel;
  const end = new AbortController();
  const link = new Link(
    model,
    "me",
    {
      welcome: () => void heard.push("welcome"),
      frame: ({ seq }, data) => void heard.push(`frame ${seq}: ${textOf(data)}`),
      ids: ({ seq }, data) => void heard.push(`ids ${seq}: ${textOf(data)}`),
      rerouted: () => void heard.push("rerouted"),
      unplugged: () => void heard.push("unplugged"),
      heard: () => {},
      expect: () => {},
      unsent: () => void heard.push("unsent"),
      drawing: (late) => void heard.push(`late ${late}`),
      maker: (silent) => void heard.push(silent ? "maker silent" : "maker here"),
      kernelEnded: () => void heard.push("kernel ended"),
    },
    end.signal,
  );
  const deliver = (message: unknown, buffers: DataView[] = []) => {
    for (const handler of handlers) {
      handler(message, buffers);
    }
  };
  // In small steps: the mock starts a timer that another timer sets at the end of a step.
  const tick = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= 1000) {
      t.mock.timers.tick(Math.min(rest, 1000));
    }
  };
  return { link, sent, heard, handlers, deliver, end, tick };
}

const SIZE = { width: 640, height: 480, dpr: 2 };
const failure = (error: unknown) => {
  assert.ok(error instanceof CallError);
  return { name: error.name, message: error.message, hint: error.hint };
};

test("greets every second until it is welcome, each time with the size of that moment", (t) => {
  const { link, sent, heard, deliver, tick } = setUp(t);
  let width = 640;
  link.greet(() => ({ ...SIZE, width }));
  assert.deepEqual(sent, [{ kind: "ready", view: "me", width: 640, height: 480, dpr: 2, origin: "", loopback: false }]);
  width = 700;
  tick(1000);
  assert.equal(sent.length, 2);
  assert.equal(sent[1]?.width, 700);
  deliver({ kind: "welcome", view: "me" });
  tick(60_000);
  assert.equal(sent.length, 2);
  assert.deepEqual(heard, ["welcome"]);
});

test("gives up greeting after 30 tries, and still takes a late welcome", (t) => {
  const { link, sent, heard, deliver, tick } = setUp(t);
  link.greet(() => SIZE);
  tick(120_000);
  assert.equal(sent.length, 30);
  deliver({ kind: "welcome", view: "me" });
  assert.deepEqual(heard, ["welcome"]);
});

test("hears only what is meant for its view", (t) => {
  const { heard, deliver } = setUp(t);
  const data = new DataView(new TextEncoder().encode("jpeg").buffer);
  deliver({ kind: "frame", view: "me", seq: 3 }, [data]);
  deliver({ kind: "frame", view: "other", seq: 4 }, [data]);
  deliver({ kind: "ids", view: "me", seq: 3 }, [data]);
  deliver({ kind: "unheard of", view: "me" });
  deliver(null);
  assert.deepEqual(heard, ["frame 3: jpeg", "ids 3: jpeg"]);
});

test("a reply answers its own call", async (t) => {
  const { link, sent, deliver } = setUp(t);
  const first = link.call("files.inspect", { path: "a.json" });
  const second = link.call("tasks.cancel", { task: "7" });
  const ids = sent.map(({ id }) => id);
  assert.notEqual(ids[0], ids[1]);
  assert.deepEqual(sent[1], { kind: "call", view: "me", id: ids[1], method: "tasks.cancel", params: { task: "7" } });
  deliver({ kind: "reply", view: "me", id: ids[1], result: "second" });
  deliver({ kind: "reply", view: "me", id: ids[0], result: "first" });
  assert.deepEqual(await Promise.all([first, second]), ["first", "second"]);
});

test("an error keeps its name, message and hint", async (t) => {
  const { link, sent, deliver } = setUp(t);
  const call = link.call("files.inspect", { path: "a.json" });
  const error = { type: "CircuitError", message: "a.json is not a circuit.", hint: "Choose another file." };
  deliver({ kind: "reply", view: "me", id: sent[0]?.id, error });
  assert.deepEqual(failure(await call.catch((reason: unknown) => reason)), {
    name: "CircuitError",
    message: "a.json is not a circuit.",
    hint: "Choose another file.",
  });
});

test("a call fails at its deadline and a later reply is ignored", async (t) => {
  const { link, sent, deliver, tick } = setUp(t);
  const call = link.call("files.list", { path: null });
  tick(29_999);
  let settled = false;
  void call.catch(() => (settled = true));
  await Promise.resolve();
  assert.equal(settled, false);
  tick(1);
  const { name, message } = failure(await call.catch((reason: unknown) => reason));
  assert.equal(name, "DeadlineExceeded");
  assert.match(message, /files\.list.*30 s/);
  deliver({ kind: "reply", view: "me", id: sent[0]?.id, result: {} });
});

test("closing ends calls, greetings and hearing, and says goodbye once", async (t) => {
  const { link, sent, handlers, end, tick } = setUp(t);
  link.greet(() => SIZE);
  const call = link.call("job.start", {});
  end.abort();
  assert.equal(failure(await call.catch((reason: unknown) => reason)).name, "ViewClosed");
  assert.equal(handlers.size, 0);
  tick(60_000);
  link.send("visible", { visible: true });
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ["ready", "call", "gone"],
  );
});

test("a view ends without a kernel, and a call says what to do", async (t) => {
  stayAt(t, {});
  t.mock.method(console, "error", () => {});
  t.mock.method(console, "warn", () => {});
  const end = new AbortController();
  const uncaught: unknown[] = [];
  const hear = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtException", hear);
  t.after(() => process.off("uncaughtException", hear));
  const model = {
    on: () => {},
    off: () => {},
    send: () => {
      throw new Error("Cannot send");
    },
  } as unknown as WidgetModel;
  const link = new Link(
    model,
    "me",
    {
      welcome() {},
      frame() {},
      ids() {},
      rerouted() {},
      unplugged() {},
      heard() {},
      expect() {},
      unsent() {},
      maker() {},
      drawing() {},
      kernelEnded() {},
    },
    end.signal,
  );
  await assert.rejects(link.call("models.clear", {}), (error) => {
    assert.deepEqual(failure(error), {
      name: "ConnectionLost",
      message: "This view has lost its kernel.",
      hint: "Was it restarted? Run the cell again.",
    });
    return true;
  });
  end.abort();
  await new Promise((resolve) => setImmediate(resolve)); // what a listener throws is told after all of them
  assert.deepEqual(uncaught, []);
});

// ---------------------------------------------------------------------- the page's own socket

const OFFER = { kind: "socket", view: "me", port: 4711, ticket: "a-ticket" };
const FRAME = { kind: "frame", seq: 3, camera: 1, width: 8, height: 6, moving: false, mime: "image/jpeg" };
const ACKS = { acks: [{ seq: 3, shown: true, decode_ms: 1 }] };
const comm = (seq: number) =>
  [
    { kind: "frame", view: "me", seq },
    [new DataView(new TextEncoder().encode("by comm").buffer)] as DataView[],
  ] as const;

test("a page of a Jupyter server says its origin", (t) => {
  const { link, sent } = setUp(t, LAB);
  link.greet(() => SIZE);
  assert.equal(sent[0]?.origin, "http://hub.example:8000");
  assert.equal(sent[0]?.loopback, false);
});

for (const [what, place, loopback] of [
  ["its Jupyter server is on its machine", { ...LAB, href: "http://localhost:8888/lab" }, true],
  ["another server is on its machine", { href: "http://localhost:8888/" }, false],
] as const) {
  test(`a page says whether frames have to fill a segment: ${what}`, (t) => {
    const { link, sent } = setUp(t, place);
    link.greet(() => SIZE);
    assert.equal(sent[0]?.loopback, loopback);
  });
}

test("opens a socket when it is offered one, and steers over it", (t) => {
  const { link, sent, heard, deliver } = setUp(t, LAB);
  link.greet(() => SIZE);
  deliver(OFFER);
  const socket = theSocket();
  assert.equal(socket.address, "ws://hub.example:8000/user/ada/proxy/4711/frames");
  link.steer("ack", ACKS);
  assert.equal(sent.at(-1)?.kind, "ack", "over the comm until it is open");
  assert.equal(link.plugged.value, false);
  socket.welcome();
  assert.equal(link.plugged.value, true);
  const before = sent.length;
  link.steer("ack", ACKS);
  assert.equal(sent.length, before);
  assert.deepEqual(JSON.parse(socket.sent.at(-1) ?? ""), { kind: "ack", ...ACKS });
  socket.onmessage?.({ data: packed(FRAME, "by socket") });
  assert.deepEqual(heard, ["rerouted", "frame 3: by socket"]);
});

test("frames of the comm are never drawn while it has a socket", (t) => {
  const { link, heard, deliver } = setUp(t, LAB);
  link.greet(() => SIZE);
  deliver(OFFER);
  deliver(...comm(1));
  theSocket().welcome();
  deliver(...comm(2)); // it was under way
  theSocket().break();
  deliver(...comm(3));
  assert.deepEqual(heard, ["frame 1: by comm", "rerouted", "unplugged", "frame 3: by comm"]);
});

test("where no socket can be opened the comm is used, and the kernel is told why", (t) => {
  const { link, sent, heard, deliver } = setUp(t, LAB);
  link.greet(() => SIZE);
  deliver(OFFER);
  theSocket().break();
  const told = { kind: "no-socket", view: "me", reason: "The Jupyter server does not forward it." };
  assert.deepEqual(sent.at(-1), told);
  assert.deepEqual(heard, [], "what came over the comm goes on");
  deliver(...comm(1));
  assert.deepEqual(heard, ["frame 1: by comm"]);
  link.steer("ack", ACKS);
  assert.equal(sent.at(-1)?.kind, "ack");
  link.greet(() => SIZE);
  assert.equal(sent.at(-1)?.origin, "", "not again for a while");
  deliver(OFFER);
  assert.equal(FakeWebSocket.made.length, 1);
});

test("a socket that breaks is asked for again by a greeting", (t) => {
  const { link, sent, heard, deliver } = setUp(t, LAB);
  link.greet(() => SIZE);
  deliver(OFFER);
  theSocket().welcome();
  theSocket().break();
  assert.equal(link.plugged.value, false);
  assert.deepEqual(heard, ["rerouted", "unplugged"]);
  link.greet(() => SIZE);
  assert.equal(sent.at(-1)?.origin, "http://hub.example:8000");
  deliver({ ...OFFER, ticket: "another" });
  assert.equal(FakeWebSocket.made.length, 2);
});

test("after five breaks it stays with the comm", (t) => {
  const { link, sent, heard, deliver } = setUp(t, LAB);
  for (let time = 1; time <= 5; time += 1) {
    link.greet(() => SIZE);
    deliver(OFFER);
    FakeWebSocket.made.at(-1)?.welcome();
    FakeWebSocket.made.at(-1)?.break("gone");
    assert.equal(heard.at(-1), "unplugged");
    assert.equal(sent.at(-1)?.kind === "no-socket", time === 5);
  }
  link.greet(() => SIZE);
  assert.equal(sent.at(-1)?.origin, "");
  deliver(OFFER);
  assert.equal(FakeWebSocket.made.length, 5);
});

test("the comm is used for a while only, and less so when the page is seen or online again", (t) => {
  const { link, sent, heard, deliver, tick } = setUp(t, LAB);
  t.mock.method(performance, "now", () => now);
  let now = 0;
  const fail = () => {
    link.greet(() => SIZE);
    assert.notEqual(sent.at(-1)?.origin, "");
    deliver({ kind: "welcome", view: "me" });
    deliver(OFFER);
    FakeWebSocket.made.at(-1)?.break();
    heard.length = 0;
    assert.equal(sent.at(-1)?.kind, "no-socket");
  };
  fail();
  tick(29_999);
  assert.deepEqual(heard, []);
  tick(1);
  assert.deepEqual(heard, ["unplugged"], "so that the view is greeted");
  fail();
  tick(59_999);
  assert.deepEqual(heard, [], "twice as long");
  now = 4999;
  window.dispatchEvent(new Event("online"));
  assert.deepEqual(heard, [], "the failure is too fresh");
  now = 5000;
  window.dispatchEvent(new Event("online"));
  assert.deepEqual(heard, ["unplugged"]);
  fail();
  now = 10_000;
  Object.assign(document, { visibilityState: "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(heard, []);
  Object.assign(document, { visibilityState: "visible" });
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(heard, ["unplugged"]);
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(heard, ["unplugged"], "there is nothing to try any more");
  for (const pause of [240, 480, 600, 600]) {
    fail();
    tick(pause * 1000 - 1);
    assert.deepEqual(heard, []);
    tick(1);
    assert.deepEqual(heard, ["unplugged"], `after ${pause} s`);
  }
});

test("a socket that was open for a minute has not failed", (t) => {
  const { link, sent, deliver } = setUp(t, LAB);
  let now = 0;
  t.mock.method(performance, "now", () => now);
  for (let time = 1; time <= 12; time += 1) {
    link.greet(() => SIZE);
    deliver(OFFER);
    FakeWebSocket.made.at(-1)?.welcome();
    now += 60_000;
    FakeWebSocket.made.at(-1)?.break();
    assert.notEqual(sent.at(-1)?.kind, "no-socket");
  }
});

test("hears what became of the frames' maker and of the kernel", (t) => {
  const { link, heard, deliver } = setUp(t, LAB);
  link.greet(() => SIZE);
  deliver(OFFER);
  theSocket().welcome();
  deliver({ kind: "maker", view: "me", silent: true });
  deliver({ kind: "maker", view: "me", silent: false });
  deliver({ kind: "late", view: "me", late: true });
  theSocket().onmessage?.({ data: "kernel-ended" });
  assert.deepEqual(heard, ["rerouted", "maker silent", "maker here", "late true", "kernel ended"]);
});

test("a greeting closes the socket that there was", (t) => {
  const { link, heard, deliver } = setUp(t, LAB);
  link.greet(() => SIZE);
  deliver(OFFER);
  theSocket().welcome();
  link.greet(() => SIZE);
  assert.equal(theSocket().closed, true);
  assert.equal(link.plugged.value, false);
  theSocket().break();
  assert.deepEqual(heard, ["rerouted"], "it was our own wish");
});

test("closing the view closes the socket", (t) => {
  const { link, heard, deliver, end } = setUp(t, LAB);
  link.greet(() => SIZE);
  deliver(OFFER);
  theSocket().welcome();
  end.abort();
  assert.equal(theSocket().closed, true);
  theSocket().break();
  assert.deepEqual(heard, ["rerouted"]);
});

test("where there is no Jupyter server an offer is not taken", (t) => {
  const { link, deliver } = setUp(t, { href: "vscode-webview://1234/" });
  link.greet(() => SIZE);
  deliver(OFFER);
  assert.equal(FakeWebSocket.made.length, 0);
});
