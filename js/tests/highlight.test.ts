import assert from "node:assert/strict";
import { test } from "node:test";
import { paintHighlight } from "../src/picture/highlight.js";

/** A letter for each pixel: tint, edge, around, or nothing. */
function paint(rows: readonly string[], wide = 1): string[] {
  const width = rows[0]?.length ?? 0;
  const mask = Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
  const pixels = paintHighlight(mask, width, rows.length, wide);
  const letters = Array.from(pixels, (pixel) =>
    pixel === 0 ? "." : pixel < 0x5000_0000 ? "t" : pixel < 0xc000_0000 ? "a" : "e",
  );
  return rows.map((_, row) => letters.slice(row * width, (row + 1) * width).join(""));
}

test("an area has a tint, a bright edge and a dark one around it", () => {
  assert.deepEqual(paint([".......", ".####..", ".####..", ".####..", "......."]), [
    "aaaaaa.",
    "aeeeea.",
    "aettea.",
    "aeeeea.",
    "aaaaaa.",
  ]);
});

test("what is thin is all edge", () => {
  assert.deepEqual(paint(["....", ".#..", "...."]), ["aaa.", "aea.", "aaa."]);
});

test("the border of the picture is no edge", () => {
  assert.deepEqual(paint(["###", "###", "###"]), ["ttt", "ttt", "ttt"]);
  assert.deepEqual(paint(["##..", "##..", "##.."]), ["tea.", "tea.", "tea."]);
});

test("edges are wider in finer pictures", () => {
  assert.deepEqual(paint(["...#######..."], 2), [".aaeettteeaa."]);
});
