// What takes space folds away once something was loaded, by it or from Python, and comes back as it was.
import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { Calls } from "../contract.js";
import { Button } from "../ui/Button.js";
import { placeOf, remember } from "./recent.js";

type Load = "models.load_circuit" | "models.load_file" | "models.load_received";

export interface Fold {
  readonly folded: Signal<boolean>;
  /** Starts a load, whose models fold the controls away; `path` is remembered, if there is one. */
  await<K extends Load>(path: string | null, method: K, params: Calls[K]["params"]): Promise<void>;
  /** Somebody touches the controls: what comes from Python does not fold them away any more. */
  use(): void;
  /** Somebody has gone on with the controls: they stay. */
  stay(): void;
}

export function useFolding(): Fold {
  const { link, traits } = useView();
  const folded = useSignal(false);
  const awaited = useRef<{ readonly path: string | null; readonly known: ReadonlySet<number>; stays: boolean } | null>(
    null,
  );
  /** Somebody uses the controls, so only what they load themselves folds them away. */
  const used = useRef(false);
  const models = traits.models.value;
  const place = placeOf(traits.job.value);
  useEffect(() => {
    const load = awaited.current;
    const arrived = load && models.find(({ id }) => !load.known.has(id));
    if (arrived) {
      awaited.current = null;
      if (load.path !== null) {
        remember(place, arrived.path ?? load.path);
      }
      folded.value = !load.stays;
    } else if (!load && models.length > 0 && !used.current) {
      used.current = true; // once is enough
      folded.value = true;
    } else if (models.length === 0 && folded.peek()) {
      // All has gone again: it was removed, or the load has failed at its end.
      used.current = false;
      folded.value = false;
    }
  }, [models, place, folded]);
  return useMemo(
    () => ({
      folded,
      async await(path, method, params) {
        const known = new Set(traits.models.peek().map(({ id }) => id));
        awaited.current = { path, known, stays: false };
        used.current = true;
        try {
          await link.call(method, params);
        } catch (error) {
          awaited.current = null;
          folded.value = false; // where the error is, and what was chosen
          throw error;
        }
      },
      use() {
        used.current = true;
      },
      stay() {
        if (awaited.current) {
          awaited.current.stays = true;
        }
      },
    }),
    [folded, link, traits],
  );
}

interface FoldingProps {
  readonly of: Fold;
  readonly children: ComponentChildren;
}

export function Folding({ of: { folded, use }, children }: FoldingProps) {
  const content = useRef<HTMLDivElement>(null);
  const more = useRef<HTMLDivElement>(null);
  const focused = useRef<HTMLElement | null>(null);
  const isFolded = folded.value;
  useEffect(() => {
    for (const kind of ["pointerdown", "keydown", "input"]) {
      content.current?.addEventListener(kind, use);
    }
  }, [use]);
  useLayoutEffect(() => {
    const [from, to] = isFolded ? [content.current, more.current] : [more.current, content.current];
    const active = (from?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement;
    to?.toggleAttribute("hidden", false);
    if (active instanceof HTMLElement && from?.contains(active)) {
      const next = isFolded ? to?.querySelector("button") : focused.current;
      focused.current = active;
      next?.focus({ preventScroll: true });
    }
    from?.toggleAttribute("hidden", true); // not earlier: what has the focus would lose it
  }, [isFolded]);
  return (
    <div>
      <div ref={more} class="bw-actions" hidden>
        <Button
          onClick={() => {
            folded.value = false;
          }}
        >
          Load more…
        </Button>
      </div>
      <div ref={content}>{children}</div>
    </div>
  );
}
