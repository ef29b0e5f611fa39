// What a hand moves: shown at once, the newest sent, and forgotten when the kernel says the same or refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Commands } from "../src/kernel/calls.js";
import { Moved } from "../src/picture/moved.js";

function moving(window: number, ready: () => boolean = () => true) {
  const calls: { readonly value: number; readonly end: (error?: Error) => void }[] = [];
  let there = 0;
  let failures = 0;
  const moved = new Moved<number>({
    commands: new Commands(),
    window,
    send: (value) =>
      new Promise<void>((resolve, reject) => {
        calls.push({ value, end: (error) => (error ? reject(error) : resolve()) });
      }),
    arrived: (value) => value === there,
    ready,
    failed: () => {
      failures += 1;
    },
  });
  const say = (value: number) => {
    there = value;
    moved.heard();
  };
  return { moved, calls, say, failures: () => failures, values: () => calls.map(({ value }) => value) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("only so many calls are under way, and what is older is left out", async () => {
  const { moved, calls, values } = moving(2);
  for (const value of [1, 2, 3, 4, 5]) {
    moved.set(value);
    assert.equal(moved.value.value, value);
  }
  assert.deepEqual(values(), [1, 2]);
  calls[0]?.end();
  await settled();
  assert.deepEqual(values(), [1, 2, 5]);
});

test("it is shown until the kernel says the same", async () => {
  const { moved, calls, say } = moving(1);
  moved.set(7);
  calls[0]?.end();
  await settled();
  assert.equal(moved.value.value, 7, "the trait is still on its way");
  say(7);
  assert.equal(moved.value.value, null);
});

test("what the kernel says in between does not count while more is to be sent", async () => {
  const { moved, calls, say } = moving(1);
  moved.set(1);
  moved.set(2);
  say(1);
  assert.equal(moved.value.value, 2);
  calls[0]?.end();
  await settled();
  calls[1]?.end();
  say(2);
  await settled();
  assert.equal(moved.value.value, null);
});

test("what may not be sent yet is sent when a trait has changed", async () => {
  let free = true;
  const { moved, calls, values, say } = moving(1, () => free);
  moved.set(1);
  free = false;
  moved.set(2);
  calls[0]?.end();
  await settled();
  assert.deepEqual(values(), [1]);
  assert.equal(moved.value.value, 2);
  free = true;
  say(1);
  assert.deepEqual(values(), [1, 2]);
});

test("what is refused is forgotten, with all that waits behind it", async () => {
  const { moved, calls, values, failures } = moving(1);
  moved.set(1);
  moved.set(2);
  calls[0]?.end(new Error("no"));
  await settled();
  assert.equal(moved.value.value, null);
  assert.equal(failures(), 1);
  assert.deepEqual(values(), [1]);
});

test("what was moved can be gone", () => {
  const { moved } = moving(1);
  moved.set(1);
  moved.forget();
  assert.equal(moved.value.value, null);
});
