// A question to the kernel that follows what people type, asked a moment after the last change.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useView } from "../context.js";
import { CallError, type Link } from "../kernel/link.js";

/** While people type, nothing is asked: the backend reads files for each answer. */
const PAUSE_MS = 400;

export interface Asking<A> {
  /** The newest answer to what is asked now, or null. */
  readonly answer: A | null;
  readonly error: CallError | null;
  readonly busy: boolean;
}

const NOTHING = { answer: null, error: null, busy: false } as const;

/** Asks a question, plain JSON, anew whenever it differs; null asks nothing. `ask` must not depend on anything else. */
export function useAnswer<Q, A>(question: Q | null, ask: (link: Link, question: Q) => Promise<A>): Asking<A> {
  const { link } = useView();
  const found = useSignal<Asking<A>>(NOTHING);
  const asked = question && JSON.stringify(question);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the way of asking is always the same
  useEffect(() => {
    found.value = { ...NOTHING, busy: asked !== null };
    if (asked === null) {
      return;
    }
    let current = true;
    const send = async () => {
      let answer: Asking<A> = NOTHING;
      try {
        answer = { ...NOTHING, answer: await ask(link, JSON.parse(asked) as Q) };
      } catch (error) {
        answer = { ...NOTHING, error: error instanceof CallError ? error : null };
      }
      if (current) {
        found.value = answer;
      }
    };
    const timer = setTimeout(() => void send(), PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [asked, link, found]);
  return found.value;
}
