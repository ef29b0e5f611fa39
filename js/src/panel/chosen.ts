// Which rows of a list are chosen, and their order, as pure functions.

export interface Chosen {
  readonly ids: ReadonlySet<number>;
  /** The row that has the keys. */
  readonly active: number | null;
  /** Where a range begins. */
  readonly anchor: number | null;
}

export const NONE_CHOSEN: Chosen = { ids: new Set(), active: null, anchor: null };

/** Whether a row is taken alone, added or taken away, or taken with all up to it. */
export type How = "alone" | "toggle" | "range" | "go";

export function choose({ ids, anchor }: Chosen, order: readonly number[], id: number, how: How): Chosen {
  if (how === "go") {
    return { ids, active: id, anchor };
  }
  if (how === "range" && anchor !== null && order.includes(anchor)) {
    const [a, b] = [order.indexOf(anchor), order.indexOf(id)];
    return { ids: new Set(order.slice(Math.min(a, b), Math.max(a, b) + 1)), active: id, anchor };
  }
  const kept = new Set(how === "toggle" ? ids : []);
  if (!kept.delete(id)) {
    kept.add(id);
  }
  return { ids: kept, active: id, anchor: id };
}

/** What remains when other rows are there. */
export function remaining(chosen: Chosen, before: readonly number[], now: readonly number[]): Chosen {
  const ids = new Set([...chosen.ids].filter((id) => now.includes(id)));
  const { active, anchor } = chosen;
  if (active === null || now.includes(active)) {
    return { ids, active, anchor };
  }
  const next = before.slice(before.indexOf(active)).find((id) => now.includes(id)) ?? now.at(-1) ?? null;
  return { ids, active: next, anchor: null };
}

/** The rows that an action on one of them is about: all chosen ones, if it is among them. */
export function targets<T extends { readonly id: number }>({ ids }: Chosen, rows: readonly T[], row: T): readonly T[] {
  return ids.has(row.id) ? rows.filter(({ id }) => ids.has(id)) : [row];
}

/** The id of one row, or those of several, as calls take them. */
export type Ids = number | readonly number[];

export function idOf(rows: readonly { readonly id: number }[]): Ids {
  const ids = rows.map(({ id }) => id);
  return ids.length === 1 && ids[0] !== undefined ? ids[0] : ids;
}

/** The order after rows were put before the one that is now at `place`, or at the end. */
export function moved(order: readonly number[], ids: ReadonlySet<number>, place: number): readonly number[] {
  const isMoved = (id: number) => ids.has(id);
  const rest = (part: readonly number[]) => part.filter((id) => !isMoved(id));
  return [...rest(order.slice(0, place)), ...order.filter(isMoved), ...rest(order.slice(place))];
}

/** The order after rows went one place up or down; where they cannot, it is the same. */
export function shifted(order: readonly number[], ids: ReadonlySet<number>, step: 1 | -1): readonly number[] {
  const places = order.flatMap((id, place) => (ids.has(id) ? [place] : []));
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) {
    return order;
  }
  return moved(order, ids, step < 0 ? Math.max(first - 1, 0) : Math.min(last + 2, order.length));
}
