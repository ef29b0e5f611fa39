import assert from "node:assert/strict";
import { test } from "node:test";
import { formatLength, roundLength } from "../src/picture/lengths.js";

test("lengths are round, as long as may be, and written as people do", () => {
  for (const [most, text] of [
    [0.0123, "0.01 µm"],
    [0.3, "0.2 µm"],
    [1, "1 µm"],
    [4.99, "2 µm"],
    [999, "500 µm"],
    [1000, "1 mm"],
    [73_000, "50 mm"],
  ] as const) {
    assert.equal(formatLength(roundLength(most)), text);
  }
});
