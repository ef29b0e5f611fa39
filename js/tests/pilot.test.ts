import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Camera } from "../src/contract.js";
import { Pilot } from "../src/picture/pilot.js";

const START: Camera = {
  type: "perspective",
  position: [0, 0, 100],
  target: [0, 0, 0],
  up: [0, 1, 0],
  fovy: 45,
  aperture: 0,
  height: 80,
};
const at = (z: number): Camera => ({ ...START, position: [0, 0, z] });
const closer = (camera: Camera) => at(camera.position[2] - 1);

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const requests = new Map<number, () => void>();
  const globals = globalThis as unknown as Record<string, unknown>;
  globals.requestAnimationFrame = (callback: () => void) => {
    requests.set(requests.size + 1, callback);
    return requests.size;
  };
  globals.cancelAnimationFrame = (id: number) => requests.delete(id);
  const motion = { reduced: false };
  globals["matchMedia"] = () => ({ matches: motion.reduced });
  t.after(() => {
    delete globals.requestAnimationFrame;
    delete globals.cancelAnimationFrame;
    delete globals["matchMedia"];
  });
  const sent: { z: number; moving: boolean }[] = [];
  const model = { camera: START };
  const end = new AbortController();
  const pilot = new Pilot(
    {
      read: () => model.camera,
      send: (camera, moving) => void sent.push({ z: camera.position[2], moving }),
    },
    end.signal,
  );
  const paint = () => {
    const callbacks = [...requests.values()];
    requests.clear();
    for (const callback of callbacks) {
      callback();
    }
  };
  const trait = (camera: Camera) => {
    model.camera = camera;
    pilot.follow();
  };
  return { pilot, motion, sent, paint, trait, end, requests, tick: (ms: number) => t.mock.timers.tick(ms) };
}

test("moves of one animation frame are one message, the newest", (t) => {
  const { pilot, sent, paint } = setUp(t);
  pilot.steer(closer);
  pilot.steer(closer);
  assert.deepEqual(sent, []);
  paint();
  paint();
  assert.deepEqual(sent, [{ z: 98, moving: true }]);
});

test("the last message of a gesture says that nothing moves any more, once", (t) => {
  const { pilot, sent, paint } = setUp(t);
  pilot.steer(closer);
  paint();
  pilot.rest();
  pilot.rest();
  paint();
  pilot.rest();
  paint();
  assert.deepEqual(sent, [
    { z: 99, moving: true },
    { z: 99, moving: false },
  ]);
});

test("a press without a move sends nothing", (t) => {
  const { pilot, sent, paint } = setUp(t);
  pilot.rest();
  paint();
  assert.deepEqual(sent, []);
});

test("wheel and keys rest after a pause, which every step renews", (t) => {
  const { pilot, sent, paint, tick } = setUp(t);
  for (let step = 0; step < 3; step += 1) {
    pilot.steer(closer);
    pilot.rest(150);
    paint();
    tick(149);
  }
  assert.equal(sent.filter(({ moving }) => !moving).length, 0);
  tick(1);
  paint();
  assert.deepEqual(sent.at(-1), { z: 97, moving: false });
});

test("the trait leads unless a gesture is under way", (t) => {
  const { pilot, trait, paint } = setUp(t);
  trait(at(500));
  assert.deepEqual(pilot.camera, at(500));
  pilot.steer(closer);
  trait(at(900));
  assert.deepEqual(pilot.camera, at(499));
  paint();
  trait(at(900));
  assert.deepEqual(pilot.camera, at(499));
});

test("echoes of earlier moves do not pull a rested camera back", (t) => {
  const { pilot, trait, paint, tick } = setUp(t);
  pilot.steer(closer);
  paint();
  pilot.steer(closer);
  pilot.rest();
  paint();
  trait(at(99));
  assert.deepEqual(pilot.camera, at(98));
  trait(at(98));
  trait(at(300));
  assert.deepEqual(pilot.camera, at(300), "after the last echo the trait leads again");
  tick(5000);
  assert.deepEqual(pilot.camera, at(300));
});

test("a gesture goes on from where another view's has ended, also soon after one of its own", (t) => {
  const { pilot, sent, trait, paint } = setUp(t);
  pilot.steer(closer);
  pilot.rest();
  paint();
  trait(at(300));
  pilot.steer(closer);
  pilot.steer(closer);
  paint();
  assert.deepEqual(sent.at(-1), { z: 298, moving: true });
});

test("a gesture does not go on from the echo of an earlier one", (t) => {
  const { pilot, sent, trait, paint } = setUp(t);
  for (let gesture = 0; gesture < 2; gesture += 1) {
    pilot.steer(closer);
    pilot.rest();
    paint();
  }
  trait(at(99));
  pilot.steer(closer);
  paint();
  assert.deepEqual(sent.at(-1), { z: 97, moving: true });
});

test("a kernel that chose another camera wins when its echo has had its time", (t) => {
  const { pilot, trait, paint, tick } = setUp(t);
  pilot.steer(closer);
  pilot.rest();
  paint();
  trait(at(42));
  assert.deepEqual(pilot.camera, at(99));
  tick(1000);
  assert.deepEqual(pilot.camera, at(42));
});

test("a model that never echoes does not pull the camera back", (t) => {
  const { pilot, paint, tick } = setUp(t);
  pilot.steer(closer);
  pilot.rest();
  paint();
  tick(1000);
  assert.deepEqual(pilot.camera, at(99));
});

test("after a reset the model's camera is taken at once", (t) => {
  const { pilot, trait, paint } = setUp(t);
  pilot.steer(closer);
  pilot.rest();
  paint();
  pilot.release();
  trait(at(42));
  assert.deepEqual(pilot.camera, at(42));
});

test("closing cancels what is scheduled", (t) => {
  const { pilot, sent, requests, end, tick } = setUp(t);
  pilot.steer(closer);
  pilot.rest(150);
  end.abort();
  assert.equal(requests.size, 0);
  tick(1000);
  assert.deepEqual(sent, []);
});

/** Lets time pass for flights. */
function clock(t: TestContext) {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  return (ms: number) => {
    now += ms;
  };
}

test("a flight is a gesture, which ends where it was sent", (t) => {
  const { pilot, sent, paint } = setUp(t);
  const wait = clock(t);
  pilot.fly(() => at(10));
  for (let step = 0; step < 9; step += 1) {
    wait(50);
    paint();
  }
  paint();
  assert.ok(sent.length >= 8);
  assert.deepEqual(sent.at(-1), { z: 10, moving: false });
  assert.ok(sent.slice(0, -1).every(({ moving }) => moving));
  const heights = sent.map(({ z }) => z);
  assert.ok(
    heights.every((z, index) => index === 0 || z <= (heights[index - 1] ?? z)),
    "straight to it",
  );
  paint();
  assert.equal(sent.at(-1)?.moving, false, "and is over");
});

test("the hand ends a flight", (t) => {
  const { pilot, sent, paint } = setUp(t);
  const wait = clock(t);
  pilot.fly(() => at(10));
  wait(100);
  paint();
  pilot.rest(); // a pointer that goes up, or a key, does not
  const before = pilot.camera.position[2];
  pilot.steer(closer);
  pilot.rest();
  for (let step = 0; step < 10; step += 1) {
    wait(100);
    paint();
  }
  assert.deepEqual(sent.at(-1), { z: before - 1, moving: false });
});

test("who wants no motion is there at once", (t) => {
  const { pilot, motion, sent, paint } = setUp(t);
  motion.reduced = true;
  pilot.fly(() => at(10));
  paint();
  assert.deepEqual(sent, [{ z: 10, moving: false }]);
});

test("what ends with the view ends a flight", (t) => {
  const { pilot, sent, paint, end } = setUp(t);
  clock(t);
  pilot.fly(() => at(10));
  end.abort();
  paint();
  assert.deepEqual(sent, []);
});
