import assert from "node:assert/strict";
import { test } from "node:test";
import { type Facts, judge } from "../src/condition.js";
import type { State } from "../src/contract.js";
import type { Presence } from "../src/kernel/presence.js";

const FACTS: Facts = {
  presence: "here",
  status: { state: "ready", text: "Ready." },
  gone: false,
  progress: null,
  blank: false,
  late: false,
  plugged: false,
  unmade: false,
  binder: false,
};
const READING = { task: "1", operation: "Reading the circuit ...", amount: null };

test("a view that has all it needs is ready", () => {
  const { state, text, remedy, past } = judge(FACTS);
  assert.deepEqual([state, text, remedy, past], ["ready", "Ready.", null, false]);
});

test("ready is never said beside something that runs, is awaited or is missing", () => {
  const others: Partial<Facts>[] = [
    { progress: READING },
    { blank: true },
    { late: true },
    { unmade: true },
    { gone: true },
    ...(
      ["busy", "silent", "offline", "unreachable", "ended", "discarded", "restarted", "stopped"] satisfies Presence[]
    ).map((presence) => ({ presence })),
  ];
  const told = others.map((facts) => judge({ ...FACTS, ...facts }));
  for (const { state, text } of told) {
    assert.notEqual(state, "ready");
    assert.doesNotMatch(text, /Ready/);
  }
  assert.equal(new Set(told.map(({ text }) => text)).size, others.length, "each has a sentence of its own");
  assert.equal(told[0]?.text, "Reading the circuit…");
});

test("without a kernel the picture is of the past, whatever the kernel said last", () => {
  for (const presence of ["silent", "unreachable", "ended", "discarded", "restarted", "stopped"] as const) {
    for (const state of ["ready", "starting", "failed"] satisfies State[]) {
      const told = judge({ ...FACTS, presence, status: { state, text: "The last word." }, progress: READING });
      assert.equal(told.state, "lost");
      assert.equal(told.past, true);
      assert.doesNotMatch(told.text, /last word|Reading/);
      assert.ok(told.remedy || told.hint, "something helps");
    }
  }
});

test("a busy kernel leaves the picture as it is", () => {
  assert.equal(judge({ ...FACTS, presence: "busy" }).past, false);
});

test("where neither kernel nor pictures answer it is the server between", () => {
  const { state, text } = judge({ ...FACTS, presence: "busy", plugged: true, late: true });
  assert.equal(state, "waiting");
  assert.match(text, /^Jupyter does not answer/);
});

test("a kernel that hangs beside a live picture holds up the panel only", () => {
  for (const presence of ["busy", "silent"] as const) {
    const told = judge({ ...FACTS, presence, plugged: true });
    assert.equal(told.text, "The kernel is busy. The panel follows when it answers.");
    assert.equal(told.past, false);
  }
  assert.equal(judge({ ...FACTS, presence: "restarted", plugged: true }).past, true);
});

test("a job that was lost or given back can be brought back", () => {
  for (const state of ["failed", "ended", "asleep"] satisfies State[]) {
    const { remedy, past, text } = judge({ ...FACTS, status: { state, text: "It is over." } });
    assert.deepEqual([remedy, past, text], ["restore", true, "It is over."]);
  }
  assert.equal(judge({ ...FACTS, status: { state: "stale", text: "Connecting again …" } }).remedy, null, "it is tried");
  assert.equal(judge({ ...FACTS, status: { state: "idle", text: "Not started." } }).remedy, "start");
});

test("a job that was started after a crash can get the scene back", () => {
  const { text, remedy, past } = judge({ ...FACTS, gone: true });
  assert.deepEqual([text, remedy, past], ["What was loaded has gone with its renderer.", "restore", true]);
  assert.equal(judge({ ...FACTS, gone: true, progress: READING }).past, false, "another scene begins");
});

test("while a job starts, its state is what is told", () => {
  const status = { state: "queued", text: "Waiting for a machine …" } as const;
  const { state, text } = judge({ ...FACTS, status, progress: READING, blank: true, late: true });
  assert.deepEqual([state, text], ["queued", "Waiting for a machine…"]);
});

test("on Binder a kernel that has ended may have needed too much memory", () => {
  for (const presence of ["ended", "restarted", "stopped"] as const) {
    const told = judge({ ...FACTS, presence, binder: true });
    assert.match(told.hint, /Run the cell again\. Binder ends a kernel that needs too much memory\.$/);
    assert.doesNotMatch(judge({ ...FACTS, presence }).hint, /Binder/);
  }
  assert.doesNotMatch(judge({ ...FACTS, presence: "unreachable", binder: true }).hint, /memory/);
});

test("while nothing makes pictures the renderer is not blamed", () => {
  const told = judge({ ...FACTS, unmade: true, late: true });
  assert.doesNotMatch(told.text, /renderer/);
  assert.equal(told.past, false);
});
