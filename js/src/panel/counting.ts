// How many cells the form has chosen, asked from the kernel a moment after the last change.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useView } from "../context.js";
import type { CellCount } from "../contract.js";
import { CallError } from "../kernel/link.js";
import type { Query } from "./query.js";

/** While people type, nothing is asked: the backend reads files for each answer. */
const PAUSE_MS = 400;

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

const NOTHING: Counting = { count: null, error: null, busy: false };

export function useCount(counted: Counted | null): Counting {
  const { link } = useView();
  const found = useSignal(NOTHING);
  const asked = counted && JSON.stringify(counted);
  useEffect(() => {
    found.value = { ...NOTHING, busy: asked !== null };
    if (asked === null) {
      return;
    }
    let current = true;
    const ask = async () => {
      let answer = NOTHING;
      try {
        answer = { ...NOTHING, count: await link.call("models.count_cells", JSON.parse(asked) as Counted) };
      } catch (error) {
        answer = { ...NOTHING, error: error instanceof CallError ? error : null };
      }
      if (current) {
        found.value = answer;
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [asked, link, found]);
  return found.value;
}
