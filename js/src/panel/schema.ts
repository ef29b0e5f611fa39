// Fields of a form from the JSON Schema of a loader's parameters, and the parameters of what was entered.

type Json = Readonly<Record<string, unknown>>;
type Kind = "number" | "integer" | "boolean" | "string" | "choice" | "numbers" | "texts" | "color";

export interface SchemaField {
  /** Names that lead to the property. */
  readonly path: readonly string[];
  readonly label: string;
  readonly kind: Kind;
  readonly required: boolean;
  /** Of a choice. */
  readonly options: readonly string[];
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** Number of numbers, or undefined for any. */
  readonly length: number | undefined;
  /** Whether a list has whole numbers only. */
  readonly isWhole: boolean;
  /** As it is entered. */
  readonly initial: string | boolean;
}

export interface Fields {
  readonly fields: readonly SchemaField[];
  /** Labels of what no field is made for. */
  readonly left: readonly string[];
}

export type Entered = Readonly<Record<string, string | boolean>>;

/** What schemas of Brayns misspell or shorten. */
const SPELLED: ReadonlyMap<string, string> = new Map([
  ["unsinged", "unsigned"],
  ["ior", "index of refraction"],
]);

/** A name of a schema in words: "half_float" → "half float". */
export function wordsOf(name: string): string {
  return name
    .split("_")
    .map((word) => SPELLED.get(word) ?? word)
    .join(" ");
}

/** A name in words that begins a line: "load_soma" → "Load soma". */
export function labelOf(name: string): string {
  const words = wordsOf(name);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function keyOf({ path }: SchemaField): string {
  return path.join(".");
}

/** The fields of a schema; `defaults` go before those of the schema. */
export function fieldsOf(schema: Json, defaults: Json, path: readonly string[] = []): Fields {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const fields: SchemaField[] = [];
  const left: string[] = [];
  for (const [name, value] of Object.entries(objectOf(schema["properties"]))) {
    const property = objectOf(value);
    const here = [...path, name];
    if (property["type"] === "object") {
      const inner = fieldsOf(property, { ...objectOf(property["default"]), ...objectOf(defaults[name]) }, here);
      fields.push(...inner.fields);
      left.push(...inner.left);
      continue;
    }
    const kind = kindOf(name, property);
    if (kind === null) {
      left.push(labelOf(name));
      continue;
    }
    fields.push({
      path: here,
      label: labelOf(name),
      kind,
      required: required.includes(name),
      options: Array.isArray(property["enum"]) ? property["enum"].map(String) : [],
      minimum: numberOf(property["minimum"] ?? objectOf(property["items"])["minimum"]),
      maximum: numberOf(property["maximum"] ?? objectOf(property["items"])["maximum"]),
      length: property["minItems"] === property["maxItems"] ? numberOf(property["minItems"]) : undefined,
      isWhole: objectOf(property["items"])["type"] === "integer",
      initial: entered(kind, defaults[name] ?? property["default"]),
    });
  }
  return { fields, left };
}

function kindOf(name: string, property: Json): Kind | null {
  if (Array.isArray(property["enum"])) {
    return "choice";
  }
  const { type } = property;
  if (type === "array") {
    const items = objectOf(property["items"])["type"];
    const isNumbers = items === "number" || items === "integer";
    if (isNumbers && /color/.test(name) && (property["minItems"] === 3 || property["minItems"] === 4)) {
      return "color";
    }
    return isNumbers ? "numbers" : items === "string" ? "texts" : null;
  }
  return type === "number" || type === "integer" || type === "boolean" || type === "string" ? type : null;
}

function entered(kind: Kind, value: unknown): string | boolean {
  if (kind === "boolean") {
    return value === true;
  }
  if (kind === "color") {
    return Array.isArray(value) ? hexOf(value.map(Number)) : "#ffffff";
  }
  if (Array.isArray(value)) {
    return value.join(", ");
  }
  return value === undefined || value === null ? "" : String(value);
}

/** What is wrong with an entry, as a sentence, or "". */
export function mistakeOf(field: SchemaField, value: string | boolean): string {
  const text = typeof value === "string" ? value.trim() : "";
  if (field.kind === "boolean" || field.kind === "color") {
    return "";
  }
  if (text === "") {
    return field.required ? "Enter a value." : "";
  }
  if (field.kind !== "number" && field.kind !== "integer" && field.kind !== "numbers") {
    return "";
  }
  const isList = field.kind === "numbers";
  const parts = isList ? listOf(text) : [text];
  const numbers = parts.map(Number);
  const isWhole = field.kind === "integer" || field.isWhole;
  if (numbers.some((number) => !Number.isFinite(number) || (isWhole && !Number.isInteger(number)))) {
    const what = isWhole ? "whole number" : "number";
    return isList ? `Enter ${what}s, with commas between them.` : `Enter a ${what}.`;
  }
  if (isList && field.length !== undefined && numbers.length !== field.length) {
    return `Enter ${field.length} numbers, with commas between them.`;
  }
  const { minimum = -Infinity, maximum = Infinity } = field;
  if (numbers.some((number) => number < minimum)) {
    return `Enter ${minimum} or more.`;
  }
  return numbers.some((number) => number > maximum) ? `Enter ${maximum} or less.` : "";
}

/** The parameters; what is empty and not required is left out. */
export function parametersOf(fields: readonly SchemaField[], values: Entered): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of fields) {
    const value = values[keyOf(field)] ?? field.initial;
    if (String(value).trim() === "" && !field.required) {
      continue;
    }
    let place = result;
    for (const name of field.path.slice(0, -1)) {
      place[name] ??= {};
      place = place[name] as Record<string, unknown>;
    }
    place[field.path.at(-1) ?? ""] = parameterOf(field, value);
  }
  return result;
}

function parameterOf({ kind, length }: SchemaField, value: string | boolean): unknown {
  const text = String(value).trim();
  switch (kind) {
    case "boolean":
      return value === true;
    case "number":
    case "integer":
      return Number(text);
    case "numbers":
      return listOf(text).map(Number);
    case "texts":
      return listOf(text);
    case "color":
      return colorOf(text, length ?? 3);
    default:
      return text;
  }
}

function listOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== "");
}

/** Of linear channels, as renderers have them. */
function hexOf(parts: readonly number[]): string {
  const digits = parts.slice(0, 3).map((part) => {
    const shown = part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055;
    return Math.round(Math.min(Math.max(shown, 0), 1) * 255).toString(16);
  });
  return `#${digits.map((digit) => digit.padStart(2, "0")).join("")}`;
}

function colorOf(hex: string, length: number): number[] {
  const parts = [1, 3, 5].map((at) => {
    const shown = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return shown <= 0.04045 ? shown / 12.92 : ((shown + 0.055) / 1.055) ** 2.4;
  });
  return length === 4 ? [...parts, 1] : parts;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
