import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, RowPages, type Rows } from "../src/panel/rows.js";

/** A kernel with some rows, whose answers the test gives. */
function setUp(count = 10_000) {
  const asked: number[] = [];
  const answers: { resolve(rows: Rows): void; reject(error: unknown): void }[] = [];
  const pages = new RowPages((first) => {
    asked.push(first);
    return new Promise((resolve, reject) => answers.push({ resolve, reject }));
  });
  const answer = async () => {
    const first = asked.at(-1) ?? 0;
    const cells = Array.from({ length: Math.min(PAGE, count - first) }, (_, index) => 7 * (first + index));
    const rows = { population: "cells", size: count, count, columns: [], first, cells, values: cells.map(() => []) };
    answers.at(-1)?.resolve({ ...rows, place: null });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { pages, asked, answers, answer, told: () => pages.newest.value?.count ?? null };
}

test("rows come page by page", async () => {
  const { pages, asked, answer, told } = setUp(150);
  pages.need(0, 149);
  assert.equal(told(), null);
  assert.equal(pages.row(3), null);
  await answer();
  assert.equal(told(), 150);
  assert.deepEqual(pages.row(99), { cell: 693, values: [] });
  assert.equal(pages.row(100), null);
  await answer();
  assert.deepEqual(pages.row(149), { cell: 1043, values: [] });
  assert.equal(pages.row(150), null);
  pages.need(20, 120);
  assert.deepEqual(asked, [0, 100]);
});

test("what is scrolled past is not asked for", async () => {
  const { pages, asked, answer } = setUp();
  for (let first = 0; first < 9000; first += 100) {
    pages.need(first, first + 30);
  }
  await answer();
  await answer();
  assert.deepEqual(asked, [0, 8900]);
  assert.equal(pages.row(8930)?.cell, 7 * 8930);
});

test("answers are kept up to a number, those that are seen in any case", async () => {
  const { pages, answer } = setUp();
  for (let page = 0; page < 60; page += 1) {
    pages.need(page * PAGE, page * PAGE);
    await answer();
  }
  assert.equal(pages.row(0), null);
  assert.notEqual(pages.row(5900), null);
  assert.notEqual(pages.row(5500), null);
});

test("an error is told, and the next need tries again", async () => {
  const { pages, asked, answers, answer } = setUp();
  pages.need(0, 10);
  answers[0]?.reject(new Error("no backend"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.match(String(pages.error.value), /no backend/);
  pages.need(0, 10);
  await answer();
  assert.deepEqual(asked, [0, 0]);
  assert.equal(pages.error.value, null);
  assert.equal(pages.row(0)?.cell, 0);
});

test("answers to a question that is no longer asked are dropped", async () => {
  const { pages, asked, answer } = setUp();
  pages.need(0, 400);
  pages.close();
  await answer();
  assert.equal(pages.newest.value, null);
  assert.deepEqual(asked, [0]);
});
