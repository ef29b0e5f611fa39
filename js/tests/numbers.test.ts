import assert from "node:assert/strict";
import { test } from "node:test";
import { comfortableDensity, densityAt, positionOf } from "../src/panel/density.js";
import { measure } from "../src/picture/canvas.js";
import { formatBytes, formatRange } from "../src/ui/format.js";

test("a canvas is measured in whole pixels within the limits", () => {
  assert.deepEqual(measure(640.4, 479.6, 1), { width: 640, height: 480, dpr: 1 });
  assert.deepEqual(measure(640, 480, 3), { width: 640, height: 480, dpr: 2 });
  assert.deepEqual(measure(640, 480, 0.5), { width: 640, height: 480, dpr: 1 });
  assert.deepEqual(measure(3, 0, 1), { width: 16, height: 16, dpr: 1 });
  const large = measure(100_000, 3000, 2);
  assert.equal(large.width, 4096);
  assert.ok(large.width * large.dpr <= 4096 && large.height * large.dpr <= 4096);
});

test("the density slider covers four powers of ten and agrees with itself", () => {
  assert.equal(densityAt(1), 1);
  assert.equal(densityAt(0), 1e-4);
  assert.equal(densityAt(0.5), 0.01);
  assert.ok(Math.abs(positionOf(densityAt(0.3)) - 0.3) < 0.01);
  assert.equal(positionOf(1e-9), 0);
});

test("a first load is of comfortable size", () => {
  assert.equal(comfortableDensity(0), 1);
  assert.equal(comfortableDensity(1000), 1);
  assert.equal(comfortableDensity(31_346), 0.03);
});

test("sizes of files", () => {
  assert.deepEqual([0, 999, 2113, 18_204_113].map(formatBytes), ["0 B", "999 B", "2.1 KB", "18 MB"]);
});

test("the ends of a range have as many digits as tell them apart", () => {
  assert.deepEqual(formatRange([0, 1]), ["0", "1"]);
  assert.deepEqual(formatRange([-70.2512, -54.9987]), ["-70.3", "-55"]);
  assert.deepEqual(formatRange([31_346.71, 31_400.22]), ["31,346.7", "31,400.2"]);
  assert.deepEqual(formatRange([0, 1_234_567.8]), ["0", "1,234,568"]);
  assert.deepEqual(formatRange([0.00123, 0.00456]), ["0.00123", "0.00456"]);
  assert.deepEqual(formatRange([0, 3.2e9]), ["0", "3.2e9"]);
  assert.deepEqual(formatRange([1e-9, 2.5e-9]), ["1e-9", "2.5e-9"]);
  assert.deepEqual(formatRange([5, 5]), ["5", "5"]);
  assert.deepEqual(formatRange([0, 0]), ["0", "0"]);
  assert.deepEqual(formatRange([-0.0001, 100]), ["0", "100"]);
});
