import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WidgetModel } from "../src/contract.js";
import { KernelWatch } from "../src/kernel/presence.js";

class Signal {
  slots = new Set<(sender: unknown, value: unknown) => void>();
  connect(slot: (sender: unknown, value: unknown) => void) {
    this.slots.add(slot);
  }
  disconnect(slot: (sender: unknown, value: unknown) => void) {
    this.slots.delete(slot);
  }
  emit(value: unknown) {
    for (const slot of [...this.slots]) {
      slot(this, value);
    }
  }
}

function setUp(t: TestContext, { jupyter = false, status = "idle" } = {}) {
  let now = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => now);
  const places = { window: new EventTarget(), document: new EventTarget() };
  Object.assign(globalThis, places);
  const kernel = {
    status,
    statusChanged: new Signal(),
    connectionStatusChanged: new Signal(),
    disposed: new Signal(),
    reconnect: async () => {
      kernel.connectionStatusChanged.emit("connected");
    },
  };
  const comms = new Set<() => void>();
  const model = {
    on: (_: string, call: () => void) => comms.add(call),
    off: (_: string, call: () => void) => comms.delete(call),
    widget_manager: jupyter ? { kernel } : {},
  } as unknown as WidgetModel;
  const heard: string[] = [];
  const end = new AbortController();
  const watch = new KernelWatch(
    model,
    () => heard.push("asked"),
    () => heard.push("back"),
    end.signal,
  );
  const pass = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= 100) {
      now += Math.min(rest, 100);
      t.mock.timers.tick(Math.min(rest, 100));
    }
  };
  /** Time passes, but the page does not run; then its timers come late. */
  const sleep = (ms: number) => {
    now += ms;
    t.mock.timers.tick(ms);
  };
  return { watch, kernel, comms, heard, end, pass, sleep, ...places };
}

test("an unanswered question is told within two seconds, and taken back with the answer", (t) => {
  const { watch, heard, pass } = setUp(t);
  watch.look(true);
  assert.deepEqual(heard, ["asked"]);
  watch.heard();
  pass(1000);
  watch.expect();
  pass(1400);
  assert.equal(watch.state.value, "here");
  pass(600);
  assert.equal(watch.state.value, "busy");
  watch.heard();
  assert.equal(watch.state.value, "here");
});

test("a kernel that is silent for long is told to be so, and may still come back", (t) => {
  const { watch, heard, pass } = setUp(t);
  watch.look(true);
  pass(34_000);
  assert.equal(watch.state.value, "silent");
  assert.ok(heard.length > 5, "a question may have been lost, so it is repeated");
  assert.ok(heard.length < 20);
  watch.heard();
  assert.equal(watch.state.value, "here");
});

test("a view asks now and then while it can be seen, and nothing while it cannot", (t) => {
  const { watch, heard, pass } = setUp(t);
  watch.look(true);
  watch.heard();
  pass(10_500);
  assert.equal(heard.length, 2);
  watch.look(false);
  pass(3_600_000);
  assert.equal(heard.length, 2);
  assert.equal(watch.state.value, "here");
  watch.look(true);
  assert.equal(heard.length, 3, "at once when it is seen again");
});

test("a page that slept asks again before it judges", (t) => {
  const { watch, heard, sleep, pass } = setUp(t);
  watch.look(true);
  sleep(3_600_000);
  assert.equal(watch.state.value, "here");
  assert.equal(heard.length, 2);
  pass(2000);
  assert.equal(watch.state.value, "busy");
});

test("a page that nobody touches asks nothing, until somebody does", (t) => {
  const { watch, heard, pass, window } = setUp(t);
  watch.look(true);
  for (let minutes = 0; minutes < 60; minutes++) {
    watch.heard();
    pass(60_000);
  }
  const asked = heard.length;
  watch.heard();
  pass(60_000);
  assert.equal(heard.length, asked);
  window.dispatchEvent(new Event("pointermove"));
  assert.equal(heard.length, asked + 1);
});

test("what throws doubt on the kernel makes the view ask at once", (t) => {
  const { watch, heard, comms, window, document } = setUp(t);
  watch.look(true);
  const doubts = [
    () => window.dispatchEvent(new Event("online")),
    () => window.dispatchEvent(new Event("offline")),
    () => document.dispatchEvent(new Event("resume")),
    () => comms.forEach((call) => void call()),
  ];
  for (const doubt of doubts) {
    watch.heard();
    const before = heard.length;
    doubt();
    assert.equal(heard.length, before + 1);
  }
});

for (const [status, told] of [
  ["restarting", "restarted"],
  ["autorestarting", "restarted"],
  ["dead", "stopped"],
  ["terminating", "stopped"],
] as const) {
  test(`a kernel that Jupyter calls ${status} has ${told} for good`, (t) => {
    const { watch, kernel, heard, pass } = setUp(t, { jupyter: true });
    watch.look(true);
    watch.heard();
    kernel.statusChanged.emit("busy");
    assert.equal(watch.state.value, "here");
    kernel.statusChanged.emit(status);
    assert.equal(watch.state.value, told);
    const asked = heard.length;
    watch.heard();
    kernel.connectionStatusChanged.emit("connecting");
    kernel.connectionStatusChanged.emit("connected");
    kernel.statusChanged.emit("idle");
    watch.look(false);
    watch.look(true);
    pass(60_000);
    assert.equal(watch.state.value, told);
    assert.equal(heard.length, asked, "there is nobody to ask");
  });
}

test("a view of a kernel that is dead already says so", (t) => {
  assert.equal(setUp(t, { jupyter: true, status: "dead" }).watch.state.value, "stopped");
});

test("a session that is over has no kernel any more", (t) => {
  const { watch, kernel } = setUp(t, { jupyter: true });
  kernel.disposed.emit(undefined);
  assert.equal(watch.state.value, "stopped");
});

test("a lost connection is told, and the view greets again when it is back", async (t) => {
  const { watch, kernel, heard } = setUp(t, { jupyter: true });
  watch.look(true);
  watch.heard();
  assert.equal(typeof watch.reconnect, "object", "there is no need");
  kernel.connectionStatusChanged.emit("connecting");
  assert.equal(watch.state.value, "unreachable");
  const reconnect = watch.reconnect;
  assert.ok(reconnect);
  await reconnect();
  assert.equal(watch.state.value, "here");
  assert.deepEqual(heard, ["asked", "back", "asked"]);
});

test("a message that cannot be sent is no secret", (t) => {
  const { watch } = setUp(t);
  watch.unsent();
  assert.equal(watch.state.value, "silent");
});

test("nothing listens and nothing is asked when the view has ended", (t) => {
  const { watch, kernel, comms, heard, end, pass } = setUp(t, { jupyter: true });
  watch.look(true);
  end.abort();
  pass(60_000);
  watch.heard();
  watch.look(true);
  assert.deepEqual(heard, ["asked"]);
  assert.equal(comms.size, 0);
  assert.equal(kernel.statusChanged.slots.size + kernel.connectionStatusChanged.slots.size, 0);
  assert.equal(kernel.disposed.slots.size, 0);
});
