import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import type { Camera } from "../src/contract.js";
import type { Ids } from "../src/picture/ids.js";
import type { Place, Point } from "../src/picture/places.js";
import { type Change, Strokes } from "../src/picture/strokes.js";

const CAMERA: Camera = {
  type: "perspective",
  position: [0, 0, 9],
  target: [0, 0, 0],
  up: [0, 1, 0],
  fovy: 45,
  aperture: 0,
  height: 1,
};
const IDS = { seq: 1 } as Ids;
const NO_KEYS = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };

function setUp(first: Ids | null = IDS) {
  const [obstacle, ids] = [signal(""), signal<Ids | null>(first)];
  const taken: [readonly Place[], Change][] = [];
  const said: string[] = [];
  const now = { camera: CAMERA };
  const end = new AbortController();
  const strokes = new Strokes(
    {
      obstacle,
      ids,
      camera: () => now.camera,
      places: (points) => points.map(({ x, y }) => [x / 100, y / 100]),
      take: (_, outline, change) => void taken.push([outline, change]),
      say: (text) => void said.push(text),
    },
    end.signal,
  );
  const draw = (...points: [number, number][]) => {
    const [start, ...others] = points.map(([x, y]): Point => ({ x, y }));
    strokes.begin(start as Point, "set");
    for (const point of others) {
      strokes.to(point);
    }
    return strokes.end();
  };
  return { strokes, obstacle, ids, taken, said, now, draw, end };
}

test("keys say what a drag does; Shift alone leaves it to the camera", () => {
  const { strokes } = setUp();
  const by = (...keys: (keyof typeof NO_KEYS)[]) =>
    strokes.changeBy({ ...NO_KEYS, ...Object.fromEntries(keys.map((key) => [key, true])) });
  assert.equal(by(), null);
  strokes.choose("lasso");
  assert.equal(by(), "set");
  assert.equal(by("ctrlKey"), "add");
  assert.equal(by("metaKey"), "add");
  assert.equal(by("altKey"), "remove");
  assert.equal(by("ctrlKey", "shiftKey"), "remove", "where the desktop keeps Alt for itself");
  assert.equal(by("shiftKey"), null);
});

test("a rectangle has the corners of a drag", async () => {
  const { strokes, taken, draw } = setUp();
  strokes.choose("rectangle");
  await draw([10, 20], [90, 90], [30, 60]);
  const corners = [
    [0.1, 0.2],
    [0.3, 0.2],
    [0.3, 0.6],
    [0.1, 0.6],
  ];
  assert.deepEqual(taken, [[corners, "set"]]);
  assert.equal(strokes.stroke.value, null);
});

test("a lasso has the points of a drag, without those that hardly differ", async () => {
  const { strokes, taken, draw } = setUp();
  strokes.choose("lasso");
  await draw([0, 0], [50, 0], [51, 0], [50, 50]);
  const corners = [
    [0, 0],
    [0.5, 0],
    [0.5, 0.5],
  ];
  assert.deepEqual(taken, [[corners, "set"]]);
});

test("a stroke that was canceled takes nothing", async () => {
  const { strokes, taken } = setUp();
  strokes.choose("lasso");
  strokes.begin({ x: 0, y: 0 }, "set");
  assert.equal(strokes.cancel(), true);
  strokes.to({ x: 50, y: 0 });
  assert.equal(strokes.stroke.value, null);
  await strokes.end();
  assert.deepEqual(taken, []);
  assert.equal(strokes.cancel(), false);
});

test("it waits for what the picture shows, and is seen meanwhile", async () => {
  const { strokes, ids, taken, draw } = setUp(null);
  strokes.choose("rectangle");
  const done = draw([0, 0], [50, 50]);
  strokes.to({ x: 90, y: 90 });
  assert.equal(strokes.stroke.value?.points[2]?.x, 50);
  assert.deepEqual(taken, []);
  ids.value = IDS;
  await done;
  assert.equal(taken.length, 1);
  assert.equal(strokes.stroke.value, null);
});

for (const how of ["cancel", "another", "end"] as const) {
  test(`a stroke that waits is given up: ${how}`, async () => {
    const { strokes, ids, taken, draw, end } = setUp(null);
    strokes.choose("rectangle");
    const done = draw([0, 0], [50, 50]);
    if (how === "cancel") {
      assert.equal(strokes.cancel(), true);
    } else if (how === "another") {
      strokes.begin({ x: 1, y: 1 }, "add");
    } else {
      end.abort();
    }
    ids.value = IDS;
    await done;
    assert.deepEqual(taken, []);
    assert.equal(strokes.stroke.value?.change, how === "another" ? "add" : undefined);
  });
}

test("a picture that does not come to rest is told", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { strokes, taken, said, draw } = setUp(null);
  strokes.choose("rectangle");
  const done = draw([0, 0], [50, 50]);
  t.mock.timers.tick(20_000);
  await done;
  assert.deepEqual(taken, []);
  assert.match(said[0] ?? "", /not come to rest/);
  assert.equal(strokes.stroke.value, null);
});

test("through another camera nothing is taken", async () => {
  const { strokes, ids, taken, said, now, draw } = setUp(null);
  strokes.choose("rectangle");
  const done = draw([0, 0], [50, 50]);
  now.camera = { ...CAMERA, position: [9, 0, 0] };
  ids.value = IDS;
  await done;
  assert.deepEqual(taken, []);
  assert.match(said[0] ?? "", /camera has moved/);
});

test("without ids the tools say why, and drags orbit", () => {
  const { strokes, obstacle, said } = setUp();
  strokes.choose("lasso");
  obstacle.value = "No ids.";
  assert.equal(strokes.tool.value, "orbit");
  assert.equal(strokes.changeBy(NO_KEYS), null);
  obstacle.value = "";
  assert.equal(strokes.tool.value, "lasso");
  obstacle.value = "No ids.";
  strokes.choose("rectangle");
  assert.deepEqual(said, ["No ids."]);
  obstacle.value = "";
  assert.equal(strokes.tool.value, "lasso");
});
