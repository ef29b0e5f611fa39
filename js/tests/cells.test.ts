import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsWithin, countCells, pixelsOf } from "../src/picture/cells.js";
import { Ids } from "../src/picture/ids.js";
import type { Place } from "../src/picture/places.js";

const MODELS = [
  { id: 7, population: "S1" },
  { id: 8, population: "S1" },
  { id: 9, population: "VPL" },
  { id: 5, population: null },
];
// Entries from 1: cells 0 and 1 of S1, cell 1 of S1 in another model, cell 0 of VPL, a mesh.
const ENTRIES = [
  [7, 0],
  [7, 1],
  [8, 1],
  [9, 0],
  [5, -1],
] as const;

/** A picture of rows of numbers of entries. */
function picture(rows: readonly (readonly number[])[]): Ids {
  const [width, height, count] = [rows[0]?.length ?? 0, rows.length, ENTRIES.length];
  const parts = [
    new Uint32Array(rows.flat()),
    new Float64Array(ENTRIES.map(([, cell]) => cell)),
    new Int32Array(ENTRIES.map(([model]) => model)),
    new Int32Array(count).fill(-1),
    new Uint8Array(count).fill(255),
  ];
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part.buffer)));
  const buffer = new Uint8Array(bytes).buffer;
  return new Ids({ seq: 1, width, height, count, section_types: [] }, buffer);
}

const IDS = picture([
  [0, 1, 2, 0],
  [3, 0, 4, 5],
]);

test("pixels of selected cells, in each model of their population", () => {
  assert.deepEqual([...(pixelsOf(IDS, { S1: "1-5" }, MODELS) ?? [])], [0, 0, 1, 0, 1, 0, 0, 0]);
  assert.deepEqual([...(pixelsOf(IDS, { S1: "0", VPL: "0" }, MODELS) ?? [])], [0, 1, 0, 0, 0, 0, 1, 0]);
});

test("what no pixel shows has none", () => {
  for (const cells of [{}, { S1: "2-9" }, { unknown: "0-9" }]) {
    assert.equal(pixelsOf(IDS, cells, MODELS), null);
  }
  assert.equal(pixelsOf(IDS, { S1: "0-9" }, []), null);
});

const box = (left: number, top: number, right: number, bottom: number): Place[] => [
  [left / 4, top / 2],
  [right / 4, top / 2],
  [right / 4, bottom / 2],
  [left / 4, bottom / 2],
];

test("cells are within an outline if the middle of a pixel is", () => {
  assert.deepEqual(cellsWithin(IDS, box(-9, -9, 9, 9), MODELS), { S1: "0-1", VPL: "0" });
  assert.deepEqual(cellsWithin(IDS, box(1.4, 0, 2.4, 1), MODELS), { S1: "0" });
  assert.deepEqual(cellsWithin(IDS, box(1.6, 0, 2.6, 1), MODELS), { S1: "1" });
  assert.deepEqual(cellsWithin(IDS, box(1.6, 0.6, 2.6, 1.4), MODELS), {});
  assert.deepEqual(cellsWithin(IDS, box(2.4, 0.4, 2.6, 1.6), MODELS), { S1: "1", VPL: "0" });
  assert.deepEqual(cellsWithin(IDS, box(3, 1, 4, 2), MODELS), {}, "meshes have no cells");
  assert.deepEqual(cellsWithin(IDS, [], MODELS), {});
  assert.equal(countCells(cellsWithin(IDS, box(-9, -9, 9, 9), MODELS)), 3);
});

test("an outline may turn either way, be concave, and cross itself", () => {
  const wide = picture([[0, 0, 0, 0, 1, 0, 0, 0, 0], Array.from({ length: 9 }, () => 2)]);
  const at = (...points: [number, number][]): Place[] => points.map(([x, y]) => [x / 9, y / 2]);
  const notch = at([0, 0], [3, 0], [3, 1], [6, 1], [6, 0], [9, 0], [9, 2], [0, 2]);
  assert.deepEqual(cellsWithin(wide, notch, MODELS), { S1: "1" });
  assert.deepEqual(cellsWithin(wide, [...notch].reverse(), MODELS), { S1: "1" });
  const twice = at([0, 0], [9, 0], [9, 1], [0, 1], [0, 0], [9, 0], [9, 1], [0, 1]);
  assert.deepEqual(cellsWithin(wide, twice, MODELS), { S1: "0" }, "what is drawn around twice is within");
});
