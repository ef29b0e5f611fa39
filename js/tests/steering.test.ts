import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Ack, Camera } from "../src/contract.js";
import { Steering } from "../src/picture/steering.js";

const at = (z: number): Camera => ({
  type: "perspective",
  position: [0, 0, z],
  target: [0, 0, 0],
  up: [0, 1, 0],
  fovy: 45,
  aperture: 0,
  height: 80,
});
const ack = (seq: number): Ack => ({ seq, shown: true, decode_ms: 1 });

/** What is sent, as "number: z moving +acks" or "+acks". */
function setUp(t: TestContext, window = 2) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent: string[] = [];
  const seqs = (acks: readonly Ack[]) => (acks.length > 0 ? ` +${acks.map(({ seq }) => seq).join("+")}` : "");
  const steering = new Steering({
    camera: ({ number, camera, moving, acks }) =>
      void sent.push(`${number}: ${camera.position[2]}${moving ? " moving" : ""}${seqs(acks)}`),
    ack: (acks) => void sent.push(seqs(acks).trim()),
    window: () => window,
  });
  const taken = () => sent.splice(0);
  return { steering, taken, tick: (ms: number) => t.mock.timers.tick(ms) };
}

for (const window of [1, 2]) {
  test(`of a gesture ${window} cameras are under way without their pictures`, (t) => {
    const { steering, taken } = setUp(t, window);
    for (const z of [1, 2, 3, 4]) {
      steering.steer(at(z), true);
    }
    assert.deepEqual(taken(), ["1: 1 moving", "2: 2 moving"].slice(0, window));
    steering.answer(ack(10), 1);
    assert.deepEqual(taken(), [`${window + 1}: 4 moving +10`]);
  });
}

test("the last camera of a gesture goes at once", (t) => {
  const { steering, taken, tick } = setUp(t);
  for (const z of [1, 2, 3]) {
    steering.steer(at(z), true);
  }
  steering.steer(at(4), false);
  assert.deepEqual(taken(), ["1: 1 moving", "2: 2 moving", "3: 4"]);
  tick(1000);
  assert.deepEqual(taken(), []);
});

test("without answers a camera goes within 250 ms, the newest", (t) => {
  const { steering, taken, tick } = setUp(t);
  for (const z of [1, 2, 3]) {
    steering.steer(at(z), true);
  }
  taken();
  tick(200);
  steering.steer(at(4), true);
  assert.deepEqual(taken(), []);
  tick(50);
  assert.deepEqual(taken(), ["3: 4 moving"]);
  steering.steer(at(5), true);
  tick(249);
  assert.deepEqual(taken(), []);
  tick(1);
  assert.deepEqual(taken(), ["4: 5 moving"]);
});

test("a picture of a later camera answers the earlier ones, too", (t) => {
  const { steering, taken } = setUp(t);
  steering.steer(at(1), true);
  steering.steer(at(2), true);
  steering.answer(ack(1), 2);
  taken();
  steering.steer(at(3), true);
  steering.steer(at(4), true);
  assert.deepEqual(taken(), ["3: 3 moving +1", "4: 4 moving"]);
  steering.answer(ack(2), 1); // it came late
  steering.steer(at(5), true);
  assert.deepEqual(taken(), []);
});

test("acknowledgements wait for a camera during a gesture, but not long", (t) => {
  const { steering, taken, tick } = setUp(t);
  steering.steer(at(1), true);
  taken();
  steering.answer(ack(7), 1);
  steering.answer(ack(8), 1);
  tick(49);
  assert.deepEqual(taken(), []);
  steering.steer(at(2), true);
  assert.deepEqual(taken(), ["2: 2 moving +7+8"]);
  steering.answer(ack(9), 2);
  tick(50);
  assert.deepEqual(taken(), ["+9"]);
  tick(1000);
  assert.deepEqual(taken(), []);
});

test("acknowledgements at rest go at once", (t) => {
  const { steering, taken } = setUp(t);
  steering.answer(ack(1), 0);
  assert.deepEqual(taken(), ["+1"]);
  steering.steer(at(1), true);
  steering.steer(at(2), false);
  taken();
  steering.answer(ack(2), 2);
  assert.deepEqual(taken(), ["+2"]);
});

test("on another way nothing is under way, and numbers go on", (t) => {
  const { steering, taken } = setUp(t, 1);
  steering.steer(at(1), true);
  steering.steer(at(2), true);
  steering.answer(ack(1), 0);
  taken();
  steering.restart();
  steering.steer(at(3), true);
  assert.deepEqual(taken(), ["2: 3 moving"]);
});

test("a closed view says nothing more", (t) => {
  const { steering, taken, tick } = setUp(t, 1);
  steering.steer(at(1), true);
  steering.steer(at(2), true);
  taken();
  steering.close();
  tick(1000);
  assert.deepEqual(taken(), []);
});
