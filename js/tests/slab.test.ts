// Where planes cut a box, and where it begins and ends along an axis.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Vec3 } from "../src/contract.js";
import type { Box } from "../src/picture/framing.js";
import { crossSection, middleOf, reachOf } from "../src/picture/slab.js";

const BOX: Box = [
  [-1, -2, -3],
  [3, 2, 1],
];

test("a box reaches from corner to corner along an axis", () => {
  assert.deepEqual(reachOf(BOX, [1, 0, 0]), [-1, 3]);
  assert.deepEqual(reachOf(BOX, [0, 0, -1]), [-1, 3]);
  const [low, high] = reachOf(BOX, [0, 0.6, 0.8]);
  assert.ok(Math.abs(low + 3.6) < 1e-12 && Math.abs(high - 2) < 1e-12);
});

test("a plane across an axis cuts a rectangle, corner by corner", () => {
  const corners = crossSection(BOX, [0, 1, 0], 1);
  assert.equal(corners.length, 4);
  assert.ok(corners.every(([, y]) => y === 1));
  assert.deepEqual(middleOf(corners), [1, 1, -1]);
  for (let n = 0; n < 4; n += 1) {
    const [a, b] = [corners[n], corners[(n + 1) % 4]] as [Vec3, Vec3];
    assert.equal(Number(a[0] !== b[0]) + Number(a[2] !== b[2]), 1, "neighbors share a side");
  }
});

test("a plane through the middle of a cube's diagonal cuts a hexagon, and one beside it nothing", () => {
  const cube: Box = [
    [0, 0, 0],
    [1, 1, 1],
  ];
  const k = 1 / Math.sqrt(3);
  assert.equal(crossSection(cube, [k, k, k], 1.5 * k).length, 6);
  assert.deepEqual(crossSection(cube, [k, k, k], 4 * k), []);
});
