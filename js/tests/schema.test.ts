import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, labelOf, mistakeOf, parametersOf, wordsOf } from "../src/panel/schema.js";

const SCHEMA = {
  type: "object",
  required: ["data_type", "dimensions"],
  properties: {
    data_type: { type: "string", enum: ["short", "float"] },
    dimensions: { type: "array", items: { type: "integer", minimum: 0 }, minItems: 3, maxItems: 3 },
    names: { type: "array", items: { type: "string" } },
    color: { type: "array", items: { type: "number" }, minItems: 4, maxItems: 4, default: [1, 0, 0, 1] },
    share: { type: "number", minimum: 0, maximum: 1, default: 0.5 },
    deep: {
      type: "object",
      default: {},
      properties: { load_soma: { type: "boolean", default: false }, growth: { type: "number", default: 1 } },
    },
    edges: { type: "array", items: { type: "object" } },
  },
};

function field(name: string, defaults = {}) {
  const found = fieldsOf(SCHEMA, defaults).fields.find(({ path }) => path.at(-1) === name);
  assert.ok(found);
  return found;
}

test("names of schemas are put into words, also those that Brayns misspells or shortens", () => {
  assert.equal(labelOf("coat_ior"), "Coat index of refraction");
  assert.equal(labelOf("ior"), "Index of refraction");
  assert.equal(wordsOf("unsinged_char"), "unsigned char");
  assert.equal(wordsOf("half_float"), "half float");
});

test("each property that has a form becomes a field, inner ones too, and the rest is named", () => {
  const { fields, left } = fieldsOf(SCHEMA, { deep: { load_soma: true } });
  assert.deepEqual(
    fields.map(({ label, kind }) => `${label}: ${kind}`),
    [
      "Data type: choice",
      "Dimensions: numbers",
      "Names: texts",
      "Color: color",
      "Share: number",
      "Load soma: boolean",
      "Growth: number",
    ],
  );
  assert.deepEqual(left, ["Edges"]);
  assert.equal(field("load_soma").initial, false);
  assert.equal(field("load_soma", { deep: { load_soma: true } }).initial, true);
  assert.deepEqual(fieldsOf({ title: "EmptyLoaderParams" }, {}), { fields: [], left: [] });
});

test("mistakes are told as sentences", () => {
  assert.equal(mistakeOf(field("dimensions"), ""), "Enter a value.");
  assert.equal(mistakeOf(field("dimensions"), "1, 2"), "Enter 3 numbers, with commas between them.");
  assert.equal(mistakeOf(field("dimensions"), "1, 2, 2.5"), "Enter whole numbers, with commas between them.");
  assert.equal(mistakeOf(field("dimensions"), "1, 2, -1"), "Enter 0 or more.");
  assert.equal(mistakeOf(field("dimensions"), "1 2 3"), "");
  assert.equal(mistakeOf(field("share"), "1.5"), "Enter 1 or less.");
  assert.equal(mistakeOf(field("share"), "x"), "Enter a number.");
  assert.equal(mistakeOf(field("share"), ""), "");
  assert.equal(mistakeOf(field("data_type"), ""), "Enter a value.");
});

test("parameters are what was entered, with the defaults, and without what is empty", () => {
  const { fields } = fieldsOf(SCHEMA, { deep: { load_soma: true } });
  const values = { data_type: "short", dimensions: "4, 5 6", color: "#00ff00", share: " ", "deep.growth": "0.5" };
  assert.deepEqual(parametersOf(fields, values), {
    data_type: "short",
    dimensions: [4, 5, 6],
    color: [0, 1, 0, 1],
    deep: { load_soma: true, growth: 0.5 },
  });
});
