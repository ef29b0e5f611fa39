import assert from "node:assert/strict";
import { test } from "node:test";
import { idsOf } from "../src/panel/typedIds.js";

test("ids and ranges are read, in any order, once each", () => {
  assert.deepEqual(idsOf(" 12, 3 10-12;3\n7"), [3, 7, 10, 11, 12]);
  assert.deepEqual(idsOf("  "), []);
});

test("what is no id is named", () => {
  for (const part of ["x", "-1", "5-3", "1.5", "1--2"]) {
    assert.match(String(idsOf(`1, ${part}`)), new RegExp(`“${part.replace(".", "\\.")}” is neither`));
  }
});

test("there is a limit", () => {
  assert.equal(idsOf("0-99999").length, 100_000);
  assert.match(String(idsOf("0-100000")), /more than 100000/);
  assert.match(String(idsOf("0-999999999999999")), /more than 100000/);
});
