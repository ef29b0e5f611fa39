// Cells at the ends of synapses, as the panel's form has them, and as the kernel reads them.
import type { Circuit, Population } from "../contract.js";
import { type Cell, endOf } from "../picture/partners.js";
import { type Condition, mistakeIn, queryOf } from "./query.js";

export type EndKind = "any" | "selection" | "picked" | "where" | "set" | "ids";

export interface End {
  readonly kind: EndKind;
  /** The node population of conditions, node sets and ids; "" for the one that is loaded. */
  readonly population: string;
  readonly nodeSet: string;
  /** Ids as they are typed: "0-79, 90". */
  readonly ids: string;
  readonly conditions: readonly Condition[];
  readonly any: boolean;
}

export const ANY: End = { kind: "any", population: "", nodeSet: "", ids: "", conditions: [], any: false };

/** What is chosen in the picture. */
export interface Chosen {
  readonly selection: Readonly<Record<string, string>>;
  readonly picked: Cell | null;
}

export type Read = { readonly cells: unknown } | { readonly mistake: string };

const RANGES = /^\s*\d+(\s*-\s*\d+)?(\s*,\s*\d+(\s*-\s*\d+)?)*\s*$/;

export function populationOf(end: End, circuit: Circuit | null, loaded: string): Population | undefined {
  return circuit?.populations.find(({ name }) => name === (end.population || loaded));
}

/** The cells of an end for the kernel, or what has to be chosen first. */
export function readEnd(end: End, { selection, picked }: Chosen, population: Population | undefined): Read {
  switch (end.kind) {
    case "any":
      return { cells: null };
    case "selection":
      return Object.keys(selection).length > 0
        ? { cells: selection }
        : { mistake: "Nothing is selected. Click a cell." };
    case "picked":
      return picked ? { cells: endOf(picked) } : { mistake: "No cell is picked. Click one in the picture." };
    default:
      return population ? inPopulation(end, population) : { mistake: "The circuit is being read." };
  }
}

function inPopulation({ kind, nodeSet, ids, conditions, any }: End, { name, columns }: Population): Read {
  if (kind === "set") {
    return nodeSet ? { cells: { [name]: nodeSet } } : { mistake: "Choose a node set." };
  }
  if (kind === "ids") {
    return RANGES.test(ids)
      ? { cells: { [name]: ids.replace(/\s/g, "") } }
      : { mistake: "Enter ids, such as 0-79, 90." };
  }
  if (conditions.length === 0) {
    return { mistake: "Add a condition." };
  }
  const wrong = conditions.some(
    (one) =>
      mistakeIn(
        one,
        columns.find((column) => column.name === one.column),
      ) !== "",
  );
  return wrong ? { mistake: "Complete the conditions." } : { cells: { [name]: queryOf(conditions, columns, any) } };
}
