import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera, Vec3 } from "../src/contract.js";
import { basis, dot, visibleHeight } from "../src/picture/camera.js";
import { flight } from "../src/picture/flight.js";
import { SIDES, seenFrom } from "../src/picture/framing.js";

const FRONT: Camera = {
  type: "perspective",
  position: [0, 0, 1000],
  target: [0, 0, 0],
  up: [0, 1, 0],
  fovy: 45,
  aperture: 0,
  height: 828,
};
const SHARES = Array.from({ length: 21 }, (_, step) => step / 20);

const close = (a: Vec3, b: Vec3) => Math.hypot(...a.map((side, axis) => side - (b[axis] ?? 0))) < 1e-4;

function sees(a: Camera, b: Camera): boolean {
  const [one, other] = [basis(a), basis(b)];
  return (
    close(a.position, b.position) &&
    close(a.target, b.target) &&
    close(one.top, other.top) &&
    close(one.right, other.right)
  );
}

test("it begins with what is seen and ends with what was asked for", () => {
  for (const side of SIDES) {
    const end = seenFrom({ ...FRONT, target: [10, 20, 30], fovy: 30 }, side);
    const way = flight(FRONT, end);
    assert.ok(sees(way(0), FRONT), side);
    assert.ok(sees(way(0.999999), end), side);
    assert.equal(way(1), end);
    assert.equal(way(2), end);
  }
});

test("on its way it goes evenly, and is always a camera", () => {
  for (const side of SIDES) {
    const way = flight(FRONT, seenFrom(FRONT, side));
    let last = way(0);
    for (const share of SHARES) {
      const camera = way(share);
      const [one, other] = [basis(last), basis(camera)];
      assert.ok(Math.hypot(...camera.position) > 999 && Math.hypot(...camera.position) < 1001, "at the same distance");
      assert.ok(Math.abs(dot(other.back, basis({ ...camera, up: camera.up }).top)) < 1e-9);
      for (const axis of ["right", "top", "back"] as const) {
        assert.ok(dot(one[axis], other[axis]) > Math.cos(0.3), `${side}: no jump at ${share}`);
      }
      last = camera;
    }
  }
});

test("it turns the shorter way", () => {
  const way = flight(FRONT, seenFrom(FRONT, "right"));
  const { position } = way(0.5);
  assert.ok(close(position, [Math.SQRT1_2 * 1000, 0, Math.SQRT1_2 * 1000]));
});

test("a size changes evenly, and a projection at once", () => {
  const near: Camera = { ...FRONT, position: [0, 0, 10] };
  assert.ok(Math.abs(flight(FRONT, near)(0.5).position[2] - 100) < 1e-6);
  const flat: Camera = { ...FRONT, type: "orthographic", height: visibleHeight(FRONT) * 100 };
  const way = flight(FRONT, flat);
  assert.equal(way(0).type, "orthographic");
  assert.ok(Math.abs(way(0).height - visibleHeight(FRONT)) < 1e-6);
  assert.ok(Math.abs(way(0.5).height - visibleHeight(FRONT) * 10) < 1e-6);
});
