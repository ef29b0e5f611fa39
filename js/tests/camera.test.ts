import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera, Vec3 } from "../src/contract.js";
import {
  dolly,
  orbit,
  pan,
  panAlong,
  project,
  roll,
  sameView,
  turnAbout,
  visibleHeight,
  zoom,
} from "../src/picture/camera.js";
import { seenAt } from "../src/picture/places.js";

const FRONT: Camera = {
  type: "perspective",
  position: [10, 20, 1030],
  target: [10, 20, 30],
  up: [0, 1, 0],
  fovy: 45,
  aperture: 0,
  height: 500,
};
const FLAT: Camera = { ...FRONT, type: "orthographic" };

const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const distance = (camera: Camera) => Math.hypot(...subtract(camera.position, camera.target));

function near(actual: Vec3, expected: Vec3, tolerance = 1e-9): void {
  assert.ok(Math.hypot(...subtract(actual, expected)) <= tolerance, `[${actual}] is not [${expected}]`);
}

test("a quarter turn looks from the side and keeps target, distance and up", () => {
  const turned = orbit(FRONT, Math.PI / 2, 0);
  near(turned.position, [1010, 20, 30]);
  near(turned.target, FRONT.target);
  assert.equal(turned.up, FRONT.up);
});

test("positive pitch goes down, negative pitch up", () => {
  near(orbit(FRONT, 0, Math.PI / 6).position, [10, 20 - 500, 30 + 1000 * Math.cos(Math.PI / 6)]);
  near(orbit(FRONT, 0, -Math.PI / 6).position, [10, 20 + 500, 30 + 1000 * Math.cos(Math.PI / 6)]);
});

test("orbiting never passes a pole, so left stays left", () => {
  for (const direction of [1, -1]) {
    let camera = FRONT;
    for (let step = 0; step < 200; step += 1) {
      camera = orbit(camera, 0, direction * 0.1);
      const offset = subtract(camera.position, camera.target);
      assert.ok(offset[2] > 0, `flipped to the other side after ${step} steps`);
      assert.ok(Math.hypot(offset[0], offset[2]) >= 0.999, "stands on the pole");
    }
    // Turned by 180 degrees close to the pole: the same height, the other side.
    const turned = orbit(camera, Math.PI, 0);
    near(
      subtract(turned.position, turned.target),
      [
        -(camera.position[0] - camera.target[0]),
        camera.position[1] - camera.target[1],
        -(camera.position[2] - camera.target[2]),
      ],
      1e-6,
    );
  }
});

test("a camera that looks straight down the up axis can be turned away from it", () => {
  const top: Camera = { ...FRONT, position: [10, 1020, 30] };
  const turned = orbit(top, 0, 0.5);
  assert.ok(turned.position.every(Number.isFinite));
  assert.ok(Math.abs(distance(turned) - 1000) < 1e-6);
  assert.ok(turned.position[1] < 1020);
});

test("thousands of small turns neither drift nor roll", () => {
  let camera = FRONT;
  for (let step = 0; step < 3600; step += 1) {
    camera = orbit(camera, (2 * Math.PI) / 3600, step % 2 ? 0.01 : -0.01);
  }
  near(camera.position, FRONT.position, 1e-6);
  assert.deepEqual(camera.up, FRONT.up);
});

test("any up axis is kept upright", () => {
  const camera: Camera = { ...FRONT, position: [1000, 0, 0], target: [0, 0, 0], up: [0, 0, 2] };
  near(orbit(camera, Math.PI / 2, 0).position, [0, 1000, 0], 1e-9);
});

test("panning by the picture's height moves by what is seen", () => {
  const seen = 2 * 1000 * Math.tan(Math.PI / 8);
  assert.ok(Math.abs(visibleHeight(FRONT) - seen) < 1e-9);
  const moved = pan(FRONT, 1, 0.5);
  near(moved.target, [10 + seen, 20 + seen / 2, 30]);
  near(subtract(moved.position, moved.target), subtract(FRONT.position, FRONT.target));
  near(pan(FLAT, 1, 0).target, [510, 20, 30]);
});

test("zoom moves a perspective camera and widens an orthographic one", () => {
  near(zoom(FRONT, 0.5).position, [10, 20, 530]);
  const wide = zoom(FLAT, 2);
  assert.equal(wide.height, 1000);
  assert.deepEqual(wide.position, FLAT.position);
  near(dolly(FLAT, 2).position, [10, 20, 2030]);
});

test("what is at a spot of the target's plane stays there", () => {
  const sides = { width: 300, height: 200 };
  for (const camera of [FRONT, FLAT]) {
    const point: Vec3 = [10 + 200, 20 - 90, 30];
    const place = seenAt(point, camera, sides);
    assert.ok(place);
    const spot = { right: (place[0] - 0.5) * 1.5, up: 0.5 - place[1] };
    for (const factor of [0.3, 1, 4]) {
      const zoomed = zoom(camera, factor, spot);
      const after = seenAt(point, zoomed, sides);
      assert.ok(after && Math.abs(after[0] - place[0]) < 1e-9 && Math.abs(after[1] - place[1]) < 1e-9);
      assert.ok(Math.abs(visibleHeight(zoomed) / visibleHeight(camera) - factor) < 1e-9);
    }
  }
});

test("zooming has its ends, and from beyond it only comes back", () => {
  const range = { least: 1, most: 2000 };
  for (const camera of [FRONT, FLAT]) {
    assert.ok(Math.abs(visibleHeight(zoom(camera, 100, undefined, range)) - 2000) < 1e-9);
    assert.ok(Math.abs(visibleHeight(zoom(camera, 1e-9, undefined, range)) - 1) < 1e-9);
    const away = zoom(camera, 100);
    near(zoom(away, 2, { right: 1, up: 1 }, range).target, away.target);
    assert.ok(Math.abs(visibleHeight(zoom(away, 2, undefined, range)) - visibleHeight(away)) < 1e-6);
    assert.ok(visibleHeight(zoom(away, 0.5, undefined, range)) < visibleHeight(away));
  }
});

const X: Vec3 = [1, 0, 0];
const Y: Vec3 = [0, 1, 0];
const Z: Vec3 = [0, 0, 1];

test("about the axis that is up, or the one to the right, a drag turns as an orbit does", () => {
  near(turnAbout(FRONT, Y, 0.3, 0.2).position, orbit(FRONT, 0.3, 0).position);
  near(turnAbout(FRONT, X, 0.3, 0.2).position, orbit(FRONT, 0, 0.2).position);
  const rolled = turnAbout(FRONT, Z, 0.3, 0.2); // it points at the viewer
  near(rolled.position, FRONT.position);
  near(rolled.up, [-Math.sin(0.3), Math.cos(0.3), 0]);
});

test("about an axis it goes round, over the poles, and keeps its distance", () => {
  let camera = FRONT;
  for (let step = 0; step < 12; step += 1) {
    camera = turnAbout(camera, X, 0, Math.PI / 6);
    assert.ok(Math.abs(distance(camera) - 1000) < 1e-6 && Math.abs(camera.position[0] - 10) < 1e-6);
  }
  near(camera.position, FRONT.position, 1e-6);
  near(camera.up, FRONT.up, 1e-6);
});

test("along an axis only, what is under the pointer follows it as far as that goes", () => {
  const seen = visibleHeight(FRONT);
  near(panAlong(FRONT, X, 0.5, 0.3).target, [10 + 0.5 * seen, 20, 30]);
  near(panAlong(FRONT, Y, 0.5, 0.3).target, [10, 20 + 0.3 * seen, 30]);
  near(panAlong(FRONT, Z, 0.5, 0.3).target, FRONT.target);
  const oblique = orbit(FRONT, Math.PI / 4, 0); // x and z are seen at an angle of 45 degrees
  near(panAlong(oblique, X, 0.5, 0).target, [10 + 0.5 * seen * Math.SQRT2, 20, 30], 1e-6);
});

test("a roll turns the picture clockwise and moves nothing", () => {
  const rolled = roll(FRONT, Math.PI / 2);
  near(rolled.up, [-1, 0, 0]);
  assert.deepEqual([rolled.position, rolled.target], [FRONT.position, FRONT.target]);
  const [u, v] = seenAt([10, 120, 30], rolled, { width: 1, height: 1 }) ?? [0, 0];
  assert.ok(u > 0.55 && Math.abs(v - 0.5) < 1e-9, "what was above is at the right");
});

test("zoom ends before it passes the target, and comes back", () => {
  let camera = FRONT;
  for (let step = 0; step < 500; step += 1) {
    camera = zoom(camera, 0.5);
  }
  assert.ok(distance(camera) > 0);
  assert.ok(distance(zoom(camera, 2)) > distance(camera));
  let flat = FLAT;
  for (let step = 0; step < 500; step += 1) {
    flat = zoom(flat, 0.5);
  }
  assert.ok(flat.height > 0);
});

test("a camera on its target can still be moved", () => {
  const lost: Camera = { ...FRONT, position: FRONT.target };
  for (const camera of [orbit(lost, 0.1, 0.1), zoom(lost, 2), pan(lost, 1, 1)]) {
    assert.ok([...camera.position, ...camera.target].every(Number.isFinite));
  }
});

test("changing the projection keeps the size of what lies at the target, there and back", () => {
  const flat = project(FRONT, "orthographic");
  assert.equal(flat.type, "orthographic");
  assert.ok(Math.abs(flat.height - visibleHeight(FRONT)) < 1e-9);
  assert.ok(sameView(project(flat, "perspective"), { ...FRONT, height: flat.height }));
  assert.equal(project(FRONT, "perspective"), FRONT);
  assert.deepEqual(project(FRONT, "cylindric"), { ...FRONT, type: "cylindric" });
  assert.ok(sameView(project(project(FRONT, "cylindric"), "perspective"), FRONT));
  const bent = project(flat, "cylindric");
  assert.equal(bent.type, "cylindric");
  assert.ok(Math.abs(visibleHeight(bent) - visibleHeight(FRONT)) < 1e-9);
});

test("views are the same up to rounding only", () => {
  assert.ok(sameView(FRONT, { ...FRONT, position: [10, 20.0000001, 1030] }));
  for (const other of [
    { ...FRONT, position: [10, 21, 1030] as const },
    { ...FRONT, target: [10, 21, 30] as const },
    { ...FRONT, up: [0, 0, 1] as const },
    { ...FRONT, fovy: 46 },
    { ...FRONT, aperture: 1 },
    { ...FRONT, height: 501 },
    FLAT,
  ]) {
    assert.ok(!sameView(FRONT, other));
  }
});
