// Going from partner to partner, where cells cannot be shown, or the kernel does not answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError, type Link } from "../src/kernel/link.js";
import { Partners } from "../src/picture/partners.js";

/** Partners by a kernel that answers everything, and whose camera fails as told. */
function partnersWhere(error: Error | null): Partners {
  const link = { call: async () => ({ partners: [] }) } as unknown as Link;
  return new Partners(link, async () => {
    if (error) {
      throw error;
    }
  });
}

const failed = (type: string) => new CallError({ type, message: "It failed.", hint: "" });
const HERE = { population: "a", cell: 1 };
const THERE = { population: "a", cell: 2 };

test("a cell that no model shows is gone to all the same, and back", async () => {
  const partners = partnersWhere(failed("CircuitError"));
  await partners.start(HERE);
  await partners.go(THERE);
  assert.deepEqual([partners.cell.value, partners.trail.value], [THERE, [HERE]]);
  assert.equal(partners.commands.failure.value, null);
  await partners.back();
  assert.deepEqual([partners.cell.value, partners.trail.value], [HERE, []]);
});

test("any other error of the camera is told, and one stays where one was", async () => {
  const lost = failed("ConnectionLost");
  const partners = partnersWhere(lost);
  await partners.start(HERE);
  await partners.go(THERE);
  assert.equal(partners.commands.failure.value, lost);
  assert.deepEqual([partners.cell.value, partners.trail.value], [HERE, []]);
});
