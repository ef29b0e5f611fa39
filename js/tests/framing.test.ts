import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera, ModelState, Vec3 } from "../src/contract.js";
import { roll, visibleHeight } from "../src/picture/camera.js";
import {
  boxOf,
  corners,
  focused,
  framing,
  outlineOf,
  SIDES,
  type Side,
  seenFrom,
  zoomRange,
} from "../src/picture/framing.js";
import { seenAt } from "../src/picture/places.js";
import cases from "./framing.json" with { type: "json" };

const FRONT: Camera = {
  type: "perspective",
  position: [10, 20, 1030],
  target: [10, 20, 30],
  up: [0, 1, 0],
  fovy: 45,
  aperture: 0,
  height: 500,
};

function near(actual: Camera, expected: Camera): void {
  assert.equal(actual.type, expected.type);
  const numbers = ({ position, target, up, fovy, height }: Camera) => [...position, ...target, ...up, fovy, height];
  const others = numbers(expected);
  for (const [index, number] of numbers(actual).entries()) {
    const other = others[index] ?? Number.NaN;
    assert.ok(Math.abs(number - other) <= 1e-6 * Math.max(1, Math.abs(other)), `${number} is not ${other}`);
  }
}

test("cameras are those of Python, by the same numbers", () => {
  assert.ok(cases.length > 0);
  for (const one of cases) {
    const camera = one.camera as unknown as Camera;
    const box = one.box as unknown as readonly [Vec3, Vec3];
    near(framing(camera, corners(box), one.aspect), one.framing as unknown as Camera);
    near(seenFrom(camera, one.side as Side), one.seen as unknown as Camera);
    near(roll(camera, (one.degrees * Math.PI) / 180), one.rolled as unknown as Camera);
  }
});

test("there are six sides, and turning goes on from each of them", () => {
  assert.equal(SIDES.length, 6);
  for (const side of SIDES) {
    const { up, target } = seenFrom({ ...FRONT, up: [1, 0, 0] }, side);
    assert.deepEqual(up, [0, 1, 0]);
    assert.equal(target, FRONT.target);
  }
});

const model = (visible: boolean, ...bounds: Vec3[]) =>
  ({ visible, outline: [], bounds: bounds.length ? bounds : null }) as unknown as ModelState;

test("the box is that around all visible models", () => {
  const models = [
    model(true, [0, -1, 5], [1, 2, 6]),
    model(true, [-3, 0, 0], [-2, 9, 1]),
    model(false, [-99, -99, -99], [99, 99, 99]),
    model(true),
  ];
  assert.deepEqual(boxOf(models), [
    [-3, -1, 0],
    [1, 9, 6],
  ]);
  assert.equal(boxOf([model(false, [0, 0, 0], [1, 1, 1]), model(true)]), null);
});

test("any number of points is framed, and a model's outline more tightly than its box", () => {
  const outline: Vec3[] = Array.from({ length: 300_000 }, (_, index) => [Math.sin(index), Math.cos(index), 0]);
  const disc = { ...model(true, [-1, -1, -1], [1, 1, 1]), outline } as ModelState;
  const tight = visibleHeight(framing(FRONT, outlineOf([disc, model(false, [-9, -9, -9], [9, 9, 9])]), 1));
  assert.ok(Math.abs(tight - 2 * 1.04) < 1e-3);
  assert.ok(visibleHeight(framing(FRONT, outlineOf([model(true, [-1, -1, -1], [1, 1, 1])]), 1)) > tight);
});

test("one may zoom from a branch's width to where all that is there is small", () => {
  assert.equal(zoomRange(null), undefined);
  const box = [[0, 0, 0] as Vec3, [300, 400, 1200] as Vec3] as const;
  const range = zoomRange(box);
  assert.ok(range && range.least < 0.3 && range.least > 0.01, "neurites are that thick");
  assert.ok(range.most > visibleHeight(framing(FRONT, corners(box), 0.5)), "all of it can be seen");
});

test("what is focused comes into the middle, from the same direction and no farther away", () => {
  const point: Vec3 = [100, 50, 530];
  const looking = focused(FRONT, point);
  assert.deepEqual(looking.target, point);
  assert.deepEqual(seenAt(point, looking, { width: 4, height: 3 }), [0.5, 0.5]);
  const away = Math.hypot(...point.map((side, axis) => side - (FRONT.position[axis] ?? 0)));
  assert.ok(Math.abs(looking.position[2] - point[2] - away) < 1e-9, "nearer than the target was");
  assert.equal(focused(FRONT, [10, 20, -5000]).position[2], -5000 + 1000, "not farther");
  const flat = focused({ ...FRONT, type: "orthographic" }, point);
  assert.equal(flat.position[2], 1530, "the size stays");
});
