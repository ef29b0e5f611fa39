import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRanges, Ranges } from "../src/picture/ranges.js";

test("ranges tell what is in them", () => {
  const ranges = new Ranges("0-2,7,100-4503599627370");
  const inside = [0, 1, 2, 7, 100, 4_503_599_627_370];
  const outside = [-1, 3, 6, 8, 99, 4_503_599_627_371];
  assert.deepEqual(
    [...inside, ...outside].filter((id) => ranges.has(id)),
    inside,
  );
  assert.equal(ranges.count, 3 + 1 + 4_503_599_627_271);
});

test("no text is no ids", () => {
  assert.equal(new Ranges("").count, 0);
  assert.equal(new Ranges("").has(0), false);
});

test("ids are written in ascending ranges, each once", () => {
  assert.equal(formatRanges([]), "");
  assert.equal(formatRanges([0]), "0");
  assert.equal(formatRanges([9, 1, 0, 2, 7, 1, 10]), "0-2,7,9-10");
  assert.equal(formatRanges(new Set([4_503_599_627_370, 4_503_599_627_371])), "4503599627370-4503599627371");
});
