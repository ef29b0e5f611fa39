// How many cells the form has chosen, asked from the kernel a moment after the last change.
import type { CellCount } from "../contract.js";
import type { CallError } from "../kernel/link.js";
import { useAnswer } from "./asking.js";
import type { Query } from "./query.js";

/** What is counted, or null if there is nothing to count. */
export interface Counted {
  readonly path: string;
  readonly population: string;
  readonly node_sets: readonly string[];
  readonly node_ids: readonly number[] | null;
  readonly query: Query | null;
}

export interface Counting {
  /** The newest answer to what is asked now, or null. */
  readonly count: CellCount | null;
  readonly error: CallError | null;
  readonly busy: boolean;
}

export function useCount(counted: Counted | null): Counting {
  const { answer, ...rest } = useAnswer(counted, (link, asked) => link.call("models.count_cells", asked));
  return { count: answer, ...rest };
}
