// The list of models: one row each, to show, color, name, choose and put in order; the rest unfolds.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { ModelState } from "../contract.js";
import { useCommands } from "../ui/commands.js";
import { Problem } from "../ui/Problem.js";
import { useAttributes } from "./attributes.js";
import { type Chosen, choose, idOf, moved, NONE_CHOSEN, remaining, shifted, targets } from "./chosen.js";
import { ModelRow } from "./ModelRow.js";
import { useMaterials } from "./materials.js";

/** CSS pixels that a pointer moves before it drags. */
const SLACK = 4;

interface Drag {
  readonly pointer: number;
  readonly id: number;
  readonly y: number;
}

/** Which one a model is of those that have its name, or 0 if it is the only one. */
function ordinalOf(models: readonly ModelState[], place: number): number {
  const same = models.flatMap(({ name }, other) => (name === models[place]?.name ? other : []));
  return same.length > 1 ? same.indexOf(place) + 1 : 0;
}

export function Models() {
  const { link, traits } = useView();
  const models = traits.models.value;
  const commands = useCommands();
  const kept = useSignal<Chosen>(NONE_CHOSEN);
  const unfolded = useSignal<ReadonlySet<number>>(new Set());
  const renaming = useSignal<number | null>(null);
  const kinds = useMaterials(unfolded.value.size > 0);
  const attributesOf = useAttributes(models);
  const list = useRef<HTMLDivElement>(null);
  const before = useRef<readonly number[]>([]);
  const drag = useRef<Drag | null>(null);
  const drop = useSignal<number | null>(null);
  const order = models.map(({ id }) => id);
  const chosen = remaining(kept.value, before.current, order);
  const active = chosen.active ?? order[0] ?? null;

  const rowOf = (id: number | null) => list.current?.querySelector<HTMLElement>(`[data-model="${id}"]`);
  const had = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of other models only
  useLayoutEffect(() => {
    kept.value = chosen;
    before.current = order;
    const root = list.current?.getRootNode() as Document | ShadowRoot | undefined;
    const focused = root?.activeElement;
    if (had.current && (!focused || focused === document.body)) {
      rowOf(chosen.active)?.focus({ preventScroll: true }); // what had the focus has gone
    }
  }, [models]);

  const go = (id: number | undefined, how: Parameters<typeof choose>[3]) => {
    if (id !== undefined) {
      kept.value = choose(chosen, order, id, how);
      rowOf(id)?.focus();
    }
  };
  const arrange = (next: readonly number[]) => {
    if (next.some((id, place) => id !== order[place])) {
      void commands.run(() => link.call("models.reorder", { order: next }));
    }
  };
  const fold = (id: number, open = !unfolded.value.has(id)) => {
    unfolded.value = new Set(open ? [...unfolded.value, id] : [...unfolded.value].filter((other) => other !== id));
  };
  const about = (entry: ModelState) => targets(chosen, models, entry);
  const remove = (entry: ModelState) => void commands.run(() => link.call("model.remove", { id: idOf(about(entry)) }));

  const press = (event: KeyboardEvent, entry: ModelState) => {
    const { id } = entry;
    const place = order.indexOf(id);
    const step = { ArrowUp: -1, ArrowDown: 1, Home: -place, End: order.length - 1 - place }[event.key];
    const several = event.ctrlKey || event.metaKey;
    if (step !== undefined && event.altKey) {
      arrange(shifted(order, new Set(about(entry).map((one) => one.id)), step < 0 ? -1 : 1));
    } else if (step !== undefined) {
      go(order[place + step], event.shiftKey ? "range" : several ? "go" : "alone");
    } else if (event.key === " ") {
      go(id, "toggle");
    } else if (event.key === "a" && several) {
      kept.value = { ids: new Set(order), active: id, anchor: id };
    } else if (event.key === "Escape" && chosen.ids.size > 0) {
      kept.value = { ...chosen, ids: new Set() };
    } else if (event.key === "Enter") {
      fold(id);
    } else if (event.key === "F2") {
      renaming.value = id;
    } else if (event.key === "Delete") {
      remove(entry);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const placeAt = (y: number) => {
    const rows = [...(list.current?.children ?? [])].map((row) => row.getBoundingClientRect());
    const found = rows.findIndex(({ top, height }) => y < top + height / 2);
    return found < 0 ? rows.length : found;
  };
  const grab = (event: PointerEvent, id: number) => {
    if (event.button === 0 && event.pointerType !== "touch") {
      drag.current = { pointer: event.pointerId, id, y: event.clientY };
    }
  };
  const pull = (event: PointerEvent) => {
    const held = drag.current;
    if (held?.pointer === event.pointerId && (drop.value !== null || Math.abs(event.clientY - held.y) > SLACK)) {
      list.current?.setPointerCapture(held.pointer);
      drop.value = placeAt(event.clientY);
    }
  };
  const release = (event: PointerEvent) => {
    const [held, place] = [drag.current, drop.value];
    drag.current = null;
    drop.value = null;
    if (held && place !== null && event.type === "pointerup") {
      arrange(moved(order, chosen.ids.has(held.id) ? chosen.ids : new Set([held.id]), place));
    }
  };

  return (
    <div>
      {models.length === 0 && <p class="bw-hint">Nothing is loaded yet.</p>}
      {/* biome-ignore lint/a11y/useSemanticElements: a table has no rows that can be chosen */}
      <div
        ref={list}
        role="grid"
        class="bw-models"
        aria-label="Models"
        aria-multiselectable="true"
        hidden={models.length === 0}
        data-dragged={drop.value !== null || undefined}
        onPointerMove={pull}
        onPointerUp={release}
        onPointerCancel={release}
        onFocusIn={() => {
          had.current = true;
        }}
        onFocusOut={(event) => {
          had.current = !event.relatedTarget;
        }}
      >
        {models.map((entry, place) => (
          <ModelRow
            key={entry.id}
            entry={entry}
            ordinal={ordinalOf(models, place)}
            several={about(entry)}
            kinds={kinds}
            attributes={attributesOf(entry)}
            isActive={entry.id === active}
            isChosen={chosen.ids.has(entry.id)}
            isOpen={unfolded.value.has(entry.id)}
            isRenamed={renaming.value === entry.id}
            drop={
              drop.value === place ? "before" : drop.value === place + 1 && place + 1 === order.length ? "after" : null
            }
            onChoose={(event) =>
              go(entry.id, event.shiftKey ? "range" : event.ctrlKey || event.metaKey ? "toggle" : "alone")
            }
            onEnter={() => {
              kept.value = choose(chosen, order, entry.id, "go");
            }}
            onFold={() => fold(entry.id)}
            onGrab={(event) => grab(event, entry.id)}
            onKey={(event) => press(event, entry)}
            onRemove={() => remove(entry)}
            onRename={(rename) => {
              renaming.value = rename ? entry.id : null;
              if (!rename) {
                rowOf(entry.id)?.focus({ preventScroll: true });
              }
            }}
          />
        ))}
      </div>
      {chosen.ids.size > 1 && (
        <p class="bw-hint">{`${chosen.ids.size} models are chosen: what you change in one of them changes all.`}</p>
      )}
      <Problem of={commands} />
    </div>
  );
}
