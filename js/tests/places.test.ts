import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera, Vec3 } from "../src/contract.js";
import { seenAt, toPlace, toPoint } from "../src/picture/places.js";

const near = (found: readonly number[] | null, wanted: readonly number[]) => {
  assert.ok(found);
  wanted.forEach((number, index) => {
    assert.ok(Math.abs((found[index] ?? Number.NaN) - number) < 1e-9, `${found} is not ${wanted}`);
  });
};

for (const [what, picture, u] of [
  ["of its own size", { width: 800, height: 400 }, 0.25],
  ["of half the size", { width: 400, height: 200 }, 0.25],
  ["that was rounded", { width: 401, height: 200 }, 0.25],
  ["that is wider, so that its sides are cut off", { width: 1600, height: 400 }, 0.375],
  ["that is narrower, so that there is room beside it", { width: 500, height: 400 }, 0.1],
] as const) {
  test(`a point of the canvas has a place in a picture ${what}`, () => {
    const canvas = { width: 800, height: 400 };
    near(toPlace({ x: 200, y: 100 }, canvas, picture), [u, 0.25]);
    const point = toPoint([u, 0.25], canvas, picture);
    near([point.x, point.y], [200, 100]);
  });
}

test("beside the picture there is no place", () => {
  const canvas = { width: 800, height: 400 };
  assert.equal(toPlace({ x: 20, y: 100 }, canvas, { width: 400, height: 400 }), null);
  assert.equal(toPlace({ x: 20, y: 401 }, canvas, canvas), null);
});

const CAMERA: Camera = {
  type: "perspective",
  position: [0, 0, 10],
  target: [0, 0, 0],
  up: [0, 1, 0],
  fovy: 90,
  aperture: 0,
  height: 20,
};
const WIDE = { width: 200, height: 100 };

test("a position is seen where the picture shows it", () => {
  near(seenAt([0, 0, 0], CAMERA, WIDE), [0.5, 0.5]);
  near(seenAt([0, 10, 0], CAMERA, WIDE), [0.5, 0]);
  near(seenAt([20, 0, 0], CAMERA, WIDE), [1, 0.5]);
  near(seenAt([10, 5, 5], CAMERA, WIDE), [1, 0]);
  near(seenAt([0, 10, 0], { ...CAMERA, up: [-1, 0, 0] }, WIDE), [0.75, 0.5]);
  near(seenAt([0, -5, 5], { ...CAMERA, type: "orthographic" }, WIDE), [0.5, 0.75]);
  near(seenAt([9, 0, 5], { ...CAMERA, position: [-4, 2, 5], target: [9, 0, 5] }, WIDE), [0.5, 0.5]);
});

test("a cylindric camera sees half a turn from left to right", () => {
  const camera: Camera = { ...CAMERA, type: "cylindric" };
  near(seenAt([0, 10, 0], camera, WIDE), [0.5, 0]);
  near(seenAt([10, 0, 0], camera, WIDE), [0.75, 0.5]);
  near(seenAt([10, 5 * Math.SQRT2, 0], camera, WIDE), [0.75, 0.25]); // as high as a cylinder at that distance
  assert.equal(seenAt([1, 0, 11], camera, WIDE), null);
});

test("behind the camera nothing is seen", () => {
  for (const position of [
    [0, 0, 10],
    [1, 1, 11],
  ] as Vec3[]) {
    assert.equal(seenAt(position, CAMERA, WIDE), null);
  }
});
