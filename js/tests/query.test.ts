import assert from "node:assert/strict";
import { test } from "node:test";
import { type Comparison, comparisonsOf, conditionAt, mistakeIn, queryOf, withColumn } from "../src/panel/query.js";

const MTYPE = { name: "mtype", is_number: false };
const X = { name: "x", is_number: true };

function queryFor(column: { name: string; is_number: boolean }, comparison: Comparison, value: string) {
  return queryOf([{ key: 0, column: column.name, comparison, value }], [MTYPE, X], false).$and;
}

test("each comparison makes its query", () => {
  assert.deepEqual(queryFor(MTYPE, "is", " L4_PC "), [{ mtype: "L4_PC" }]);
  assert.deepEqual(queryFor(MTYPE, "is", "L4_PC, L5_BC,"), [{ mtype: ["L4_PC", "L5_BC"] }]);
  assert.deepEqual(queryFor(MTYPE, "matches", "L[4,5].*"), [{ mtype: { $regex: "L[4,5].*" } }]);
  assert.deepEqual(queryFor(MTYPE, "is not", "L4.PC, (b)"), [{ mtype: { $regex: "(?!(?:L4\\.PC|\\(b\\))\\Z).*" } }]);
  assert.deepEqual(queryFor(X, "is", "4"), [{ x: 4 }]);
  assert.deepEqual(queryFor(X, "is", "4, 5"), [{ $or: [{ x: 4 }, { x: 5 }] }]);
  assert.deepEqual(queryFor(X, "is not", "4"), [{ $and: [{ $or: [{ x: { $lt: 4 } }, { x: { $gt: 4 } }] }] }]);
  assert.deepEqual(queryFor(X, ">", "-1e3"), [{ x: { $gt: -1000 } }]);
  assert.deepEqual(queryFor(X, "<", "0.5"), [{ x: { $lt: 0.5 } }]);
});

test("conditions are joined by and, or", () => {
  const conditions = [
    { key: 1, column: "x", comparison: ">", value: "4" },
    { key: 2, column: "mtype", comparison: "is", value: "a" },
  ] as const;
  assert.deepEqual(queryOf(conditions, [MTYPE, X], false), { $and: [{ x: { $gt: 4 } }, { mtype: "a" }] });
  assert.deepEqual(queryOf(conditions, [MTYPE, X], true), { $or: [{ x: { $gt: 4 } }, { mtype: "a" }] });
});

test("what cannot be meant is told", () => {
  const mistake = (column: typeof X, comparison: Comparison, value: string) =>
    mistakeIn({ key: 0, column: column.name, comparison, value }, column);
  assert.equal(mistake(X, "is", "4, 5"), "");
  assert.equal(mistake(X, "is", "4, five"), "x has numbers, and “five” is none.");
  assert.equal(mistake(X, ">", "4, 5"), "x has numbers, and “4, 5” is none.");
  assert.equal(mistake(X, ">", "Infinity"), "x has numbers, and “Infinity” is none.");
  assert.equal(mistake(MTYPE, "is", "five"), "");
  assert.equal(mistake(MTYPE, "is", " , "), "Enter a value.");
});

test("a comparison stays with another attribute if it goes with it", () => {
  const condition = { key: 0, column: "x", comparison: ">", value: "4" } as const;
  assert.deepEqual(withColumn(condition, MTYPE), { key: 0, column: "mtype", comparison: "is", value: "4" });
  assert.deepEqual(withColumn(condition, { name: "y", is_number: true }), { ...condition, column: "y" });
  assert.ok(!comparisonsOf(MTYPE).includes(">") && !comparisonsOf(X).includes("matches"));
});

test("a place in the query belongs to a condition", () => {
  assert.equal(conditionAt("/$and/1/mtype"), 1);
  assert.equal(conditionAt("/$or/12/$and/0/x"), 12);
  assert.equal(conditionAt("/$and/3"), 3);
  assert.equal(conditionAt(""), -1);
  assert.equal(conditionAt("/mtype"), -1);
});
