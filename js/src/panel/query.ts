// Conditions on cells as people write them, and the query that they make (the grammar: controller/queries.py).
import type { Column } from "../contract.js";

export type Comparison = "is" | "is not" | "matches" | ">" | "<";

const OF_NUMBERS: readonly Comparison[] = ["is", "is not", ">", "<"];
const OF_TEXTS: readonly Comparison[] = ["is", "is not", "matches"];

export interface Condition {
  /** Tells it from others, as long as the form lives. */
  readonly key: number;
  readonly column: string;
  readonly comparison: Comparison;
  /** As it is typed. */
  readonly value: string;
}

export type Query = Readonly<Record<string, unknown>>;

export function comparisonsOf(column: Column | undefined): readonly Comparison[] {
  return column?.is_number ? OF_NUMBERS : OF_TEXTS;
}

/** Condition with another attribute; a comparison that does not go with it becomes "is". */
export function withColumn(condition: Condition, column: Column): Condition {
  const comparison = comparisonsOf(column).includes(condition.comparison) ? condition.comparison : "is";
  return { ...condition, column: column.name, comparison };
}

/** The mistake in what is typed, or "". */
export function mistakeIn({ comparison, value }: Condition, column: Column | undefined): string {
  const parts = valuesOf(value, comparison);
  if (parts.length === 0) {
    return "Enter a value.";
  }
  if (!column?.is_number) {
    return "";
  }
  const wrong = parts.find((part) => !Number.isFinite(Number(part)));
  return wrong === undefined ? "" : `${column.name} has numbers, and “${wrong}” is none.`;
}

/** The query that conditions without mistakes make together; its entries are in their order. */
export function queryOf(conditions: readonly Condition[], columns: readonly Column[], any: boolean): Query {
  const parts = conditions.map((condition) => {
    const column = columns.find(({ name }) => name === condition.column);
    return column?.is_number ? ofNumbers(condition) : ofTexts(condition);
  });
  return { [any ? "$or" : "$and"]: parts };
}

/** Index of the condition that a place in the query belongs to, or -1. */
export function conditionAt(place: string): number {
  return Number(/^\/\$(?:and|or)\/(\d+)(?:\/|$)/.exec(place)?.[1] ?? -1);
}

/** Several values stand between commas; an expression may have commas of its own. */
function valuesOf(value: string, comparison: Comparison): string[] {
  const parts = comparison === "is" || comparison === "is not" ? value.split(",") : [value];
  return parts.map((part) => part.trim()).filter(Boolean);
}

function ofNumbers({ column, comparison, value }: Condition): Query {
  const values = valuesOf(value, comparison).map(Number);
  switch (comparison) {
    case ">":
      return { [column]: { $gt: values[0] } };
    case "<":
      return { [column]: { $lt: values[0] } };
    case "is not":
      return { $and: values.map((one) => ({ $or: [{ [column]: { $lt: one } }, { [column]: { $gt: one } }] })) };
    default:
      // Not a list, which is a range if the attribute has floating-point numbers.
      return values.length === 1 ? { [column]: values[0] } : { $or: values.map((one) => ({ [column]: one })) };
  }
}

function ofTexts({ column, comparison, value }: Condition): Query {
  const values = valuesOf(value, comparison);
  switch (comparison) {
    case "matches":
      return { [column]: { $regex: values[0] } };
    case "is not":
      // The grammar has no negation but that of regular expressions.
      return { [column]: { $regex: `(?!(?:${values.map(escaped).join("|")})\\Z).*` } };
    default:
      return { [column]: values.length === 1 ? values[0] : values };
  }
}

/** Text as a regular expression of Python's that matches nothing else. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
