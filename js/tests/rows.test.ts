import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, RowPages, type Rows } from "../src/panel/rows.js";

type Ask = readonly [first: number, count: number];

/** A kernel with some rows, whose answers the test gives. */
function setUp(count = 10_000) {
  const asked: Ask[] = [];
  const answers: { resolve(rows: Rows): void; reject(error: unknown): void }[] = [];
  let answered = 0;
  const pages = new RowPages((first, wanted) => {
    asked.push([first, wanted]);
    return new Promise((resolve, reject) => answers.push({ resolve, reject }));
  });
  /** Answers the oldest request. */
  const answer = async () => {
    const [first, wanted] = asked[answered] ?? [0, 0];
    const cells = Array.from({ length: Math.max(Math.min(wanted, count - first), 0) }, (_, row) => 7 * (first + row));
    const rows = { population: "cells", size: count, count, columns: [], first, cells, values: cells.map(() => []) };
    answers[answered]?.resolve({ ...rows, place: null });
    answered += 1;
    await new Promise((resolve) => setImmediate(resolve));
  };
  /** Answers all that is asked. */
  const rest = async () => {
    while (answered < asked.length) {
      await answer();
    }
  };
  return { pages, asked, answers, answer, rest, told: () => pages.newest.value?.count ?? null };
}

test("what is seen comes in one answer, and what lies beside it later", async () => {
  const { pages, asked, answer, rest, told } = setUp(1050);
  pages.need(80, 149);
  assert.equal(told(), null);
  assert.equal(pages.row(83), null);
  await answer();
  assert.equal(told(), 1050);
  assert.deepEqual(pages.row(99), { cell: 693, values: [] });
  assert.deepEqual(pages.row(149), { cell: 1043, values: [] });
  assert.equal(pages.row(200), null);
  await rest();
  assert.notEqual(pages.row(200), null);
  pages.need(990, 1049);
  await rest();
  assert.deepEqual(pages.row(1049), { cell: 7343, values: [] });
  assert.equal(pages.row(1050), null);
  assert.deepEqual(asked, [
    [0, 200],
    [200, 200],
    [900, 200],
    [700, 200],
  ]);
});

test("an answer has no more rows than the kernel gives", async () => {
  const { pages, asked, answer } = setUp();
  pages.need(0, 799);
  await answer();
  assert.deepEqual(asked, [
    [0, 500],
    [500, 300],
  ]);
});

test("a jump does not wait for what was wanted before, and what is scrolled past is not asked for", async () => {
  const { pages, asked, answer, rest } = setUp();
  for (let first = 0; first < 9000; first += 100) {
    pages.need(first, first + 30);
  }
  assert.deepEqual(asked, [
    [0, 100],
    [100, 100],
  ]);
  await answer();
  assert.deepEqual(asked[2], [8900, 100]);
  await rest();
  assert.equal(pages.row(8930)?.cell, 7 * 8930);
  assert.deepEqual(asked.slice(3), [
    [9000, 200],
    [8700, 200],
  ]);
});

test("answers are kept up to a number, those that are seen in any case", async () => {
  const { pages, rest } = setUp();
  for (let page = 0; page < 60; page += 1) {
    pages.need(page * PAGE, page * PAGE);
    await rest();
  }
  assert.equal(pages.row(0), null);
  assert.notEqual(pages.row(5900), null);
  assert.notEqual(pages.row(5500), null);
});

test("an error is told, and the next need tries again", async () => {
  const { pages, asked, answers, answer } = setUp(50);
  pages.need(0, 10);
  answers[0]?.reject(new Error("no backend"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.match(String(pages.error.value), /no backend/);
  pages.need(0, 10);
  await answer(); // of the first, which has failed
  await answer();
  assert.deepEqual(asked, [
    [0, 100],
    [0, 100],
  ]);
  assert.equal(pages.error.value, null);
  assert.equal(pages.row(0)?.cell, 0);
});

test("answers to a question that is no longer asked are dropped", async () => {
  const { pages, asked, answer } = setUp();
  pages.need(0, 400);
  pages.close();
  await answer();
  assert.equal(pages.newest.value, null);
  assert.deepEqual(asked, [[0, 500]]);
});
