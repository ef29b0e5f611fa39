import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import type { Link } from "../src/kernel/link.js";
import { factsOf, type Picked, Picking, portsOf, titleOf, whoOf } from "../src/picture/picking.js";
import type { Place } from "../src/picture/places.js";

const NOTHING: Picked = {
  hit: false,
  position: null,
  model_id: null,
  model: null,
  population: null,
  cell: null,
  section: null,
  section_type: null,
  part: null,
  distance: null,
  section_problem: "",
  attributes: {},
  attributes_problem: "",
  number: 0,
};
const CELL: Picked = {
  ...NOTHING,
  hit: true,
  position: [1, -2.25, 3],
  model_id: 4,
  model: "circuit",
  population: "S1",
  cell: 0,
  section: 12,
  section_type: "apical_dendrite",
  part: 0.25,
  distance: 153.46,
  attributes: { morphology: "dend-C1", x: 0.1 + 0.2, layer: 0, mtype: null },
};
const MESH: Picked = { ...NOTHING, hit: true, position: [0, 0, 0], model_id: 5, model: "brain" };

/** A kernel whose answers the test gives. */
function setUp() {
  const asked: [Place, boolean][] = [];
  const answers: { resolve(picked: Picked): void; reject(error: unknown): void }[] = [];
  const failures: unknown[] = [];
  const changed: unknown[] = [];
  let cleared = 0;
  let number = 0;
  const pins = signal<readonly Picked[]>([]);
  const given: Picked[] = [];
  const picking = new Picking(
    {
      pick: (place, add) => {
        asked.push([place, add]);
        return new Promise((resolve, reject) => answers.push({ resolve, reject }));
      },
      clear: async () => {
        cleared += 1;
      },
      change: async (...said) => void changed.push(said),
      pin: async (pick) => {
        pins.value = [...given.filter((picked) => picked.number === pick), ...pins.value];
      },
      unpin: async (pick) => {
        pins.value = pins.value.filter((picked) => picked.number !== pick);
      },
      failed: (error) => void failures.push(error),
    },
    pins,
  );
  const pick = async (found: Picked, add = false) => {
    number += 1;
    const picked = { ...found, number };
    given.push(picked);
    const done = picking.pick([0.5, 0.25], add, 1.5);
    answers.at(-1)?.resolve(picked);
    await done;
    return picked;
  };
  const cells = () => picking.cards.value.map((card) => card.picked.cell);
  return { picking, asked, answers, failures, pick, cells, changed, pins, cleared: () => cleared };
}

test("a pick has a card, and the next one takes its place", async () => {
  const { picking, asked, pick, cells } = setUp();
  await pick(CELL);
  assert.deepEqual(asked, [[[0.5, 0.25], false]]);
  assert.deepEqual(cells(), [0]);
  await pick({ ...CELL, cell: 3 }, true);
  assert.deepEqual(asked[1], [[0.5, 0.25], true]);
  assert.deepEqual(cells(), [3]);
  await pick(NOTHING);
  assert.deepEqual(cells(), []);
  assert.equal(picking.asking.value, false);
});

test("cards that are pinned stay until they are closed", async () => {
  const { picking, pick, cells, pins } = setUp();
  const first = await pick(CELL);
  await picking.pin(first);
  assert.deepEqual(pins.value, [first]);
  assert.deepEqual(picking.cards.value, [{ picked: first, pinned: true }]);
  await pick({ ...CELL, cell: 3 });
  assert.deepEqual(cells(), [3, 0]);
  await pick({ ...CELL, cell: 5 });
  assert.deepEqual(cells(), [5, 0]);
  await picking.clear();
  assert.deepEqual(cells(), [0]);
  await picking.unpin(first);
  assert.deepEqual(picking.cards.value, [{ picked: first, pinned: false }], "until the next pick");
  await pick(NOTHING);
  assert.deepEqual(cells(), []);
  const last = await pick(CELL);
  await picking.pin(last);
  const [card] = picking.cards.value;
  assert.ok(card);
  await picking.close(card);
  assert.deepEqual(cells(), []);
  assert.deepEqual(pins.value, []);
});

test("what Python or another view pins has a card here, too", () => {
  const { cells, pins } = setUp();
  pins.value = [
    { ...CELL, number: 8, cell: 4 },
    { ...CELL, number: 7 },
  ];
  assert.deepEqual(cells(), [4, 0]);
});

test("of several clicks the last one counts, whichever answer comes first", async () => {
  const { picking, answers, cells, failures } = setUp();
  const first = picking.pick([0, 0], false, 1.5);
  const second = picking.pick([1, 1], false, 1.5);
  answers[1]?.resolve({ ...CELL, cell: 2 });
  await second;
  assert.equal(picking.asking.value, false);
  answers[0]?.resolve({ ...CELL, cell: 1 });
  await first;
  assert.deepEqual(cells(), [2]);
  const third = picking.pick([0, 0], false, 1.5);
  await picking.clear();
  answers[2]?.reject(new Error("late"));
  await third;
  assert.deepEqual(cells(), []);
  assert.deepEqual(failures, []);
});

test("a failure is told, and the card before stays", async () => {
  const { picking, answers, pick, cells, failures } = setUp();
  await pick(CELL);
  const failing = picking.pick([0, 0], false, 1.5);
  assert.equal(picking.asking.value, true);
  answers.at(-1)?.reject(new Error("no"));
  await failing;
  assert.equal(picking.asking.value, false);
  assert.deepEqual(failures.map(String), ["Error: no"]);
  assert.deepEqual(cells(), [0]);
});

test("nothing is selected after a clear, also if it fails", async () => {
  const { picking, pick, cells, cleared } = setUp();
  await pick(CELL);
  await picking.clear();
  assert.equal(cleared(), 1);
  assert.deepEqual(cells(), []);
});

test("a change of what is selected leaves no card but those that are pinned", async () => {
  const { picking, pick, cells, changed } = setUp();
  await picking.pin(await pick(CELL));
  await pick({ ...CELL, cell: 3 });
  const done = picking.change("add", { S1: "0-3" });
  assert.equal(picking.asking.value, true);
  assert.deepEqual(cells(), [0]);
  await done;
  assert.deepEqual(changed, [["add", { S1: "0-3" }]]);
  assert.deepEqual(cells(), [0]);
});

test("the kernel's calls", async () => {
  const called: unknown[] = [];
  const link = { call: async (...said: unknown[]) => void called.push(said) } as unknown as Link;
  const ports = portsOf(link);
  await ports.pick([0.25, 1], true, 1.5);
  await ports.clear();
  await ports.change("remove", { S1: "0-3" });
  await ports.pin(4);
  await ports.unpin(4);
  assert.deepEqual(called, [
    ["selection.pick", { u: 0.25, v: 1, add: true, aspect: 1.5 }],
    ["selection.clear", {}],
    ["selection.remove", { ids: { S1: "0-3" } }],
    ["pins.add", { pick: 4 }],
    ["pins.remove", { pick: 4 }],
  ]);
});

test("facts for people", () => {
  assert.deepEqual(whoOf(CELL), [
    ["Population", "S1"],
    ["Cell", "0"],
  ]);
  assert.deepEqual(factsOf(CELL), [
    ["Section", "apical dendrite"],
    ["Section id", "12"],
    ["Position", "0.250 of its length"],
    ["From the soma", "153.5 µm along it"],
    ["Place", "1.0, -2.3, 3.0 µm"],
    ["Model", "circuit"],
    ["morphology", "dend-C1"],
    ["x", "0.3"],
    ["layer", "0"],
    ["mtype", "no value"],
  ]);
  assert.deepEqual(whoOf(MESH), []);
  assert.deepEqual(factsOf(MESH), [
    ["Place", "0.0, 0.0, 0.0 µm"],
    ["Model", "brain"],
  ]);
  assert.equal(titleOf(CELL), "S1 · 0");
  assert.equal(titleOf(MESH), "brain");
  assert.equal(titleOf(NOTHING), "Unknown model");
});
