import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "../src/colors.js";
import { comfortableDensity, densityAt, positionOf } from "../src/panel/density.js";
import { measure } from "../src/picture/canvas.js";
import { formatBytes } from "../src/ui/format.js";

test("a canvas is measured in whole pixels within the limits", () => {
  assert.deepEqual(measure(640.4, 479.6, 1), { width: 640, height: 480, dpr: 1 });
  assert.deepEqual(measure(640, 480, 3), { width: 640, height: 480, dpr: 2 });
  assert.deepEqual(measure(640, 480, 0.5), { width: 640, height: 480, dpr: 1 });
  assert.deepEqual(measure(3, 0, 1), { width: 16, height: 16, dpr: 1 });
  const large = measure(100_000, 3000, 2);
  assert.equal(large.width, 4096);
  assert.ok(large.width * large.dpr <= 4096 && large.height * large.dpr <= 4096);
});

test("colors go to sRGB and back", () => {
  assert.equal(toHex([0, 0, 0, 1]), "#000000");
  assert.equal(toHex([1, 1, 1, 1]), "#ffffff");
  assert.equal(toHex([0.2158605, 2, -1, 0]), "#80ff00"); // 128/255 in sRGB is 0.21586 linear
  for (const hex of ["#000000", "#01080b", "#7f80ff", "#c04020", "#ffffff"]) {
    assert.equal(toHex(fromHex(hex)), hex);
  }
  assert.equal(fromHex("#ff0000", 0.5)[3], 0.5);
  assert.equal(fromHex("#ff0000")[0], 1);
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
