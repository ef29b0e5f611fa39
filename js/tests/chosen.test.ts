import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, moved, NONE_CHOSEN, remaining, shifted, targets } from "../src/panel/chosen.js";

const ORDER = [5, 3, 8, 1, 9];
const ids = ({ ids }: { readonly ids: ReadonlySet<number> }) => [...ids].sort((a, b) => a - b);

test("a row is chosen alone, added, taken away, or with all up to it", () => {
  let chosen = choose(NONE_CHOSEN, ORDER, 3, "alone");
  assert.deepEqual([ids(chosen), chosen.active, chosen.anchor], [[3], 3, 3]);
  chosen = choose(chosen, ORDER, 1, "toggle");
  assert.deepEqual(ids(chosen), [1, 3]);
  chosen = choose(chosen, ORDER, 3, "toggle");
  assert.deepEqual(ids(chosen), [1]);
  chosen = choose(choose(chosen, ORDER, 8, "alone"), ORDER, 9, "range");
  assert.deepEqual([ids(chosen), chosen.active], [[1, 8, 9], 9]);
  chosen = choose(chosen, ORDER, 5, "range");
  assert.deepEqual([ids(chosen), chosen.anchor], [[3, 5, 8], 8], "from where it began");
  assert.deepEqual(ids(choose(NONE_CHOSEN, ORDER, 8, "range")), [8], "there is no beginning");
  chosen = choose(chosen, ORDER, 9, "go");
  assert.deepEqual([ids(chosen), chosen.active], [[3, 5, 8], 9]);
});

test("of rows that have gone none is chosen, and the next one has the keys", () => {
  const chosen = { ids: new Set([3, 8]), active: 8, anchor: 3 };
  assert.deepEqual(remaining(chosen, ORDER, [5, 3, 1, 9]), { ids: new Set([3]), active: 1, anchor: null });
  assert.deepEqual(remaining(chosen, ORDER, [5, 3]).active, 3);
  assert.deepEqual(remaining(chosen, ORDER, []), { ids: new Set(), active: null, anchor: null });
  assert.deepEqual(remaining(chosen, ORDER, [...ORDER, 7]), chosen);
});

test("an action on a chosen row is about all of them, on another one about that alone", () => {
  const rows = ORDER.map((id) => ({ id }));
  const chosen = { ids: new Set([9, 5]), active: 5, anchor: 5 };
  assert.deepEqual(targets(chosen, rows, { id: 9 }), [{ id: 5 }, { id: 9 }]);
  assert.deepEqual(targets(chosen, rows, { id: 3 }), [{ id: 3 }]);
});

test("rows go where they are put, in their order", () => {
  assert.deepEqual(moved(ORDER, new Set([1]), 0), [1, 5, 3, 8, 9]);
  assert.deepEqual(moved(ORDER, new Set([9, 5]), 3), [3, 8, 5, 9, 1]);
  assert.deepEqual(moved(ORDER, new Set([5]), 5), [3, 8, 1, 9, 5]);
});

test("rows go one place up or down, and stay at the ends", () => {
  assert.deepEqual(shifted(ORDER, new Set([8]), -1), [5, 8, 3, 1, 9]);
  assert.deepEqual(shifted(ORDER, new Set([8]), 1), [5, 3, 1, 8, 9]);
  assert.deepEqual(shifted(ORDER, new Set([5]), -1), ORDER);
  assert.deepEqual(shifted(ORDER, new Set([9]), 1), ORDER);
  assert.deepEqual(shifted(ORDER, new Set([3, 1]), -1), [3, 1, 5, 8, 9]);
  assert.deepEqual(shifted(ORDER, new Set(), 1), ORDER);
});
