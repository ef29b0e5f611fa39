import assert from "node:assert/strict";
import { test } from "node:test";
import { paintHighlight } from "../src/picture/highlight.js";

/** A letter for each pixel: tint, edge, glow, around, or nothing. */
function paint(rows: readonly string[], wide = 1): string[] {
  const width = rows[0]?.length ?? 0;
  const mask = Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
  const letters = Array.from(paintHighlight(mask, width, rows.length, wide), (pixel) => {
    const alpha = pixel >>> 24;
    if ((pixel & 0xff_ff_ff) === 0) {
      return alpha > 0 ? "a" : ".";
    }
    return alpha === 255 ? "e" : alpha > 100 ? "g" : "t";
  });
  return rows.map((_, row) => letters.slice(row * width, (row + 1) * width).join(""));
}

test("an area has a tint, a bright edge with a glow, and a dark one around it", () => {
  assert.deepEqual(paint(["........", "........", "..####..", "..####..", "..####..", "........"]), [
    "..aaaa..",
    ".agggga.",
    "ageeeega",
    "agettega",
    "ageeeega",
    ".agggga.",
  ]);
});

test("what is thin is bright", () => {
  assert.deepEqual(paint([".....", ".....", "..#..", ".....", "....."]), ["..a..", ".aga.", "agega", ".aga.", "..a.."]);
});

test("the border of the picture is no edge, and nothing goes on at the other one", () => {
  assert.deepEqual(paint(["#####", "#####"]), ["ttttt", "ttttt"]);
  assert.deepEqual(paint(["##....#", "##....."]), ["tegaage", "tega.ag"]);
  for (const width of [1, 2, 3, 4, 5, 9]) {
    const [full, empty] = ["#".repeat(width), ".".repeat(width)];
    assert.deepEqual(
      paint([full, empty, empty, empty]),
      ["e", "g", "a", "."].map((letter) => letter.repeat(width)),
    );
  }
});

test("edges are wider in finer pictures", () => {
  assert.deepEqual(paint(["....######..", "....######.."], 2), ["aaggeetteegg", "aaggeetteegg"]);
});
