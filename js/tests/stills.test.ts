import assert from "node:assert/strict";
import { test } from "node:test";
import type { WidgetModel } from "../src/contract.js";
import { keepStills } from "../src/kernel/stills.js";

const VIEW = "application/vnd.jupyter.widget-view+json";

interface Output {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

class Outputs {
  readonly changes: string[] = [];
  constructor(readonly items: Output[]) {}
  get length() {
    return this.items.length;
  }
  get(index: number) {
    const item = this.items[index];
    assert.ok(item);
    return item;
  }
  set(index: number, value: Output) {
    this.items[index] = value;
    this.changes.push(`set ${index}`);
  }
  add(value: Output) {
    this.items.push(value);
    this.changes.push(`add ${this.items.length - 1}`);
  }
}

const view = (model_id: string): Output => ({ data: { [VIEW]: { model_id } }, metadata: {} });
const text: Output = { data: { "text/plain": "2" }, metadata: {} };
const still = (picture: string, model = "me") => ({
  kind: "still",
  view: "v",
  model,
  outputs: [
    { data: { "image/jpeg": picture, "text/plain": picture }, metadata: { brayns_widget: model } },
    { data: { "text/html": `<p>${picture}</p>` }, metadata: { brayns_widget: model } },
  ],
});

function setUp(cells: (Outputs | undefined)[], children: Record<string, string[]> = {}, context = true) {
  const handlers = new Set<(message: unknown) => void>();
  const end = new AbortController();
  const model = {
    on: (_: string, handler: (message: unknown) => void) => handlers.add(handler),
    off: (_: string, handler: (message: unknown) => void) => handlers.delete(handler),
    widget_manager: {
      ...(context && { context: { model: { cells: cells.map((outputs) => ({ outputs })) } } }),
      has_model: (id: string) => id in children,
      get_model: async (id: string) => ({ get: () => children[id]?.map((model_id) => ({ model_id })) }),
    },
  };
  keepStills(model as unknown as WidgetModel, end.signal);
  const deliver = async (message: unknown) => {
    for (const handler of handlers) {
      handler(message);
    }
    await new Promise(setImmediate);
  };
  return { deliver, end, handlers };
}

test("the outputs stand after the view, in each cell that shows it and in no other", async () => {
  const first = new Outputs([text, view("me")]);
  const second = new Outputs([view("me"), text]);
  const other = new Outputs([view("you"), text]);
  const { deliver } = setUp([first, undefined, other, second]);
  await deliver(still("a"));
  assert.deepEqual([first.changes, second.changes, other.changes], [["add 2", "add 3"], ["add 2", "add 3"], []]);
  const kept = first.items[2] as Output & { output_type: string };
  assert.equal(kept.output_type, "display_data");
  assert.equal(kept.data["image/jpeg"], "a");
});

test("a new picture takes the old one's place, and the same one changes nothing", async () => {
  const outputs = new Outputs([view("me"), view("you")]);
  const { deliver } = setUp([outputs]);
  await deliver(still("theirs", "you"));
  await deliver(still("a"));
  await deliver(still("b"));
  assert.deepEqual(outputs.changes.slice(2), ["add 4", "add 5", "set 4", "set 5"]);
  await deliver({ ...still("b"), outputs: [{ ...still("b").outputs[0], metadata: { brayns_widget: "me", when: 2 } }] });
  assert.equal(outputs.changes.length, 6);
  assert.equal(outputs.items[2]?.data["image/jpeg"], "theirs");
});

test("a view in a box is found", async () => {
  const outputs = new Outputs([view("box")]);
  const { deliver } = setUp([outputs], { box: ["inner", "slider"], inner: ["me"] });
  await deliver(still("a"));
  assert.deepEqual(outputs.changes, ["add 1", "add 2"]);
});

test("pages that are no notebooks, and other messages, are left alone", async () => {
  const outputs = new Outputs([view("me")]);
  const { deliver } = setUp([outputs]);
  await deliver({ ...still("a"), kind: "frame" });
  await deliver(null);
  assert.deepEqual(outputs.changes, []);
  await setUp([], {}, false).deliver(still("a"));
});

test("at the end it listens no more", () => {
  const { end, handlers } = setUp([]);
  assert.equal(handlers.size, 1);
  end.abort();
  assert.equal(handlers.size, 0);
});
