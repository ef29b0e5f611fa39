import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY, type End, readEnd } from "../src/panel/ends.js";

const CHOSEN = { selection: { cells: "3-5" }, picked: { population: "cells", cell: 7 } };
const CELLS = {
  name: "cells",
  type: "biophysical",
  size: 9,
  attributes: ["layer"],
  columns: [{ name: "layer", is_number: true }],
  reason: "",
  afferent: [],
  efferent: [],
};
const read = (end: Partial<End>, chosen = CHOSEN) => readEnd({ ...ANY, ...end }, chosen, CELLS);
const where = (value: string) => ({ key: 1, column: "layer", comparison: "is" as const, value });

test("what is chosen becomes cells as the kernel reads them", () => {
  assert.deepEqual(read({}), { cells: null });
  assert.deepEqual(read({ kind: "selection" }), { cells: { cells: "3-5" } });
  assert.deepEqual(read({ kind: "picked" }), { cells: { cells: [7] } });
  assert.deepEqual(read({ kind: "set", nodeSet: "Layer1" }), { cells: { cells: "Layer1" } });
  assert.deepEqual(read({ kind: "ids", ids: " 0 - 79, 90" }), { cells: { cells: "0-79,90" } });
  assert.deepEqual(read({ kind: "where", conditions: [where("4")] }), { cells: { cells: { $and: [{ layer: 4 }] } } });
});

test("what is missing is said, so that an empty choice is never all cells", () => {
  const nothing = { selection: {}, picked: null } as unknown as typeof CHOSEN;
  assert.match(JSON.stringify(read({ kind: "selection" }, nothing)), /Nothing is selected/);
  assert.match(JSON.stringify(read({ kind: "picked" }, nothing)), /No cell is picked/);
  for (const end of [{ kind: "set" }, { kind: "ids", ids: "1-" }, { kind: "where" }] as const) {
    assert.ok("mistake" in read(end), end.kind);
  }
  assert.ok("mistake" in read({ kind: "where", conditions: [where("four")] }));
  assert.ok("mistake" in readEnd({ ...ANY, kind: "set", nodeSet: "Layer1" }, CHOSEN, undefined));
});
