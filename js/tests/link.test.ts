import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WidgetModel } from "../src/contract.js";
import { CallError, Link } from "../src/kernel/link.js";

type Message = Record<string, unknown>;

function setUp(t: TestContext) {
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
      welcome: ({ window }) => void heard.push(`welcome ${window}`),
      frame: ({ seq }, data) => void heard.push(`frame ${seq} of ${data.byteLength} bytes`),
      heard: () => {},
      expect: () => {},
      unsent: () => void heard.push("unsent"),
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
  assert.deepEqual(sent, [{ kind: "ready", view: "me", width: 640, height: 480, dpr: 2 }]);
  width = 700;
  tick(1000);
  assert.equal(sent.length, 2);
  assert.equal(sent[1]?.width, 700);
  deliver({ kind: "welcome", view: "me", window: 2 });
  tick(60_000);
  assert.equal(sent.length, 2);
  assert.deepEqual(heard, ["welcome 2"]);
});

test("gives up greeting after 30 tries, and still takes a late welcome", (t) => {
  const { link, sent, heard, deliver, tick } = setUp(t);
  link.greet(() => SIZE);
  tick(120_000);
  assert.equal(sent.length, 30);
  deliver({ kind: "welcome", view: "me", window: 1 });
  assert.deepEqual(heard, ["welcome 1"]);
});

test("hears only what is meant for its view", (t) => {
  const { heard, deliver } = setUp(t);
  const data = new DataView(new ArrayBuffer(5));
  deliver({ kind: "frame", view: "me", seq: 3 }, [data]);
  deliver({ kind: "frame", view: "other", seq: 4 }, [data]);
  deliver({ kind: "unheard of", view: "me" });
  deliver(null);
  assert.deepEqual(heard, ["frame 3 of 5 bytes"]);
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

test("a call without a kernel says what to do", async (t) => {
  t.mock.method(console, "error", () => {});
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
    { welcome() {}, frame() {}, heard() {}, expect() {}, unsent() {} },
    new AbortController().signal,
  );
  await assert.rejects(link.call("camera.reset", {}), (error) => {
    assert.deepEqual(failure(error), {
      name: "ConnectionLost",
      message: "This view has lost its kernel.",
      hint: "Was it restarted? Run the cell again.",
    });
    return true;
  });
});
