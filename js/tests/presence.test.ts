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

test("without a network a kernel that does not answer is not called busy", (t) => {
  const { watch, pass, window } = setUp(t);
  watch.look(true);
  watch.heard();
  window.dispatchEvent(new Event("offline"));
  pass(1000);
  watch.heard(); // its server is on this computer
  assert.equal(watch.state.value, "here");
  pass(13_000);
  assert.equal(watch.state.value, "offline");
  window.dispatchEvent(new Event("online"));
  watch.heard();
  assert.equal(watch.state.value, "here");
  watch.expect();
  pass(2500);
  assert.equal(watch.state.value, "busy");
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

test("a kernel whose end was seen is asked nothing, until something of it comes or Jupyter tells more", (t) => {
  const { watch, kernel, heard, pass } = setUp(t, { jupyter: true });
  watch.look(true);
  watch.heard();
  watch.ended();
  watch.expect();
  watch.unsent();
  pass(60_000);
  assert.equal(watch.state.value, "ended");
  assert.deepEqual(heard, ["asked"]);
  watch.heard();
  assert.equal(watch.state.value, "here", "its frame process was wrong");
  watch.ended();
  kernel.statusChanged.emit("autorestarting");
  assert.equal(watch.state.value, "restarted");
});

// ---------------------------------------------------------------------- Binder

/** A page of JupyterHub's, where each question after its server is answered by the next status, or by no network (0). */
function onBinder(t: TestContext, ...answers: number[]) {
  const made = setUp(t, { jupyter: true });
  Object.assign(made.document, { getElementById: () => null, body: { dataset: { baseUrl: "/user/ada/" } } });
  Object.assign(globalThis, { location: { protocol: "https:" } });
  const asked: string[] = [];
  t.mock.method(globalThis, "fetch", async (address: string) => {
    asked.push(address);
    const status = answers.shift();
    if (!status) {
      throw new TypeError("Failed to fetch");
    }
    return { status };
  });
  made.watch.look(true);
  made.watch.welcomed(true);
  made.watch.heard();
  const settle = async (ms = 0) => {
    made.pass(ms);
    for (let turn = 0; turn < 10; turn++) {
      await Promise.resolve();
    }
  };
  return { ...made, asked, settle };
}

test("on Binder the kernel is asked once a minute", (t) => {
  const { watch, heard, pass } = onBinder(t);
  assert.equal(watch.binder, true);
  const before = heard.length;
  for (let minute = 1; minute <= 5; minute++) {
    pass(59_900);
    assert.equal(heard.length, before + minute - 1);
    pass(100);
    assert.equal(heard.length, before + minute);
    watch.heard();
  }
});

test("a session that Binder has ended is told, as soon as JupyterHub says so", async (t) => {
  const { watch, kernel, asked, settle } = onBinder(t, 0, 503, 404);
  kernel.connectionStatusChanged.emit("connecting");
  await settle();
  assert.equal(watch.state.value, "unreachable", "there may be no network");
  await settle(1000);
  assert.equal(watch.state.value, "unreachable", "the hub may be busy");
  await settle(2000);
  assert.equal(watch.state.value, "discarded");
  assert.deepEqual(asked, Array(3).fill("/user/ada/api/status"));
  assert.equal(watch.reconnect, null);
  kernel.statusChanged.emit("dead");
  kernel.connectionStatusChanged.emit("disconnected");
  assert.equal(watch.state.value, "discarded");
  await settle(60_000);
  assert.equal(asked.length, 3);
});

test("a kernel that Jupyter calls dead may have gone with the session", async (t) => {
  const { watch, kernel, settle } = onBinder(t, 424);
  kernel.statusChanged.emit("dead");
  assert.equal(watch.state.value, "stopped");
  await settle();
  assert.equal(watch.state.value, "discarded");
});

test("a connection that is back needs no more questions to the hub", async (t) => {
  const { watch, kernel, asked, settle } = onBinder(t, 0, 404);
  kernel.connectionStatusChanged.emit("connecting");
  await settle();
  kernel.connectionStatusChanged.emit("connected");
  await settle(60_000);
  assert.equal(watch.state.value === "unreachable" || watch.state.value === "discarded", false);
  assert.equal(asked.length, 1);
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
