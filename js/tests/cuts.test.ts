// Planes and boxes that cut: their numbers and names, and what a drag makes of a box.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PartState } from "../src/contract.js";
import { boxIn, dragged, namesOf, planeIn } from "../src/picture/cuts.js";
import type { Box } from "../src/picture/framing.js";

type Cut = NonNullable<PartState["cut"]>;
const PLANE: Cut = { kind: "planes", shapes: [{ coefficients: [0, 0, 2, 10] }], invert: false };
const CUBE: Cut = { kind: "boxes", shapes: [{ min: [0, 0, 0], max: [10, 10, 10] }], invert: false };
const BOX: Box = [
  [0, 0, 0],
  [10, 20, 30],
];

test("a plane is told by its normal of length 1 and its place along it", () => {
  assert.deepEqual(planeIn(PLANE), { normal: [0, 0, 1], position: 5 });
  assert.equal(planeIn(CUBE), null);
  assert.equal(planeIn(null), null);
  assert.equal(planeIn({ ...PLANE, shapes: [...PLANE.shapes, ...PLANE.shapes] }), null);
});

test("a box is told by its corners", () => {
  assert.deepEqual(boxIn(CUBE), [
    [0, 0, 0],
    [10, 10, 10],
  ]);
  assert.equal(boxIn(PLANE), null);
});

test("a side of a box is dragged along its axis, and never through the other one", () => {
  assert.deepEqual(dragged(BOX, 1, 0, 5, false), [
    [0, 5, 0],
    [10, 20, 30],
  ]);
  assert.deepEqual(dragged(BOX, 2, 1, 45, false), [
    [0, 0, 0],
    [10, 20, 45],
  ]);
  assert.deepEqual(dragged(BOX, 0, 0, 99, false)[0], [9.9, 0, 0]);
  assert.deepEqual(dragged(BOX, 0, 1, -99, false)[1], [0.1, 20, 30]);
});

test("with it the whole box may go, and keeps its size", () => {
  assert.deepEqual(dragged(BOX, 0, 1, 110, true), [
    [100, 0, 0],
    [110, 20, 30],
  ]);
});

test("several of a kind are numbered, and what others have added is told as such", () => {
  const part = (cut: Cut | null): PartState => ({ id: 1, type: "", visible: true, lit: null, cut });
  const two = { ...PLANE, shapes: [...PLANE.shapes, ...PLANE.shapes] };
  assert.deepEqual(namesOf([PLANE, CUBE, PLANE, two, null].map(part)), [
    "Plane 1",
    "Box",
    "Plane 2",
    "2 planes",
    "Added elsewhere",
  ]);
});
