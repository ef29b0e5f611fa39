// A grid of many rows, of which only those that are seen are in the page.
import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Ranges } from "../picture/ranges.js";
import type { Row, RowPages, Rows } from "./rows.js";

export interface Sorting {
  /** The attribute, or null for the node ids. */
  readonly sort: string | null;
  readonly descending: boolean;
}

interface GridProps {
  readonly pages: RowPages;
  /** The newest answer, maybe to an earlier question. */
  readonly rows: Rows | null;
  readonly sorting: Sorting;
  readonly selection: Ranges;
  readonly onSort: (sorting: Sorting) => void;
  readonly onSelect: (first: number, last: number, add: boolean) => void;
  readonly onRemove: (cell: number) => void;
  /** Number of the row of a cell, or null. */
  readonly placeOf: (cell: number) => Promise<number | null>;
}

/** Height of a row in CSS pixels; the style sheet gets it. */
const ROW = 24;
/** Rows beyond the edges that are in the page, so that slow scrolling shows no gap. */
const BEYOND = 8;

export function Grid(props: GridProps) {
  const { pages, rows, selection, sorting } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(240);
  const active = useSignal(0);
  const anchor = useRef(0);
  const own = useRef(false); // the selection comes of a row of this table
  const id = useId();
  const count = rows?.count ?? 0;
  const first = Math.max(Math.floor(top.value / ROW) - BEYOND, 0);
  const last = Math.min(Math.ceil((top.value + height.value) / ROW) + BEYOND, count - 1);
  /** What is seen until another order, or other rows, are here. */
  const seen = useRef(pages);
  if (pages.newest.value || !rows) {
    seen.current = pages;
  }
  const old = seen.current !== pages;

  useEffect(() => {
    if (count > 0) {
      pages.need(first, last);
    }
  }, [pages, first, last, count]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another order begins at its top
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
    active.value = 0;
    anchor.current = 0;
  }, [pages]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [height]);

  const show = (number: number) => {
    active.value = number;
    const element = scroller.current;
    if (!element) {
      return;
    }
    const [above, below] = [number * ROW, (number + 2) * ROW - element.clientHeight]; // one row is the head
    if (element.scrollTop > above) {
      element.scrollTop = above;
    } else if (element.scrollTop < below) {
      element.scrollTop = below;
    }
  };
  usePick(props, own, show);

  const select = (number: number, extend: boolean, add: boolean) => {
    if (old) {
      return; // another cell may be there in a moment
    }
    own.current = true;
    if (!extend) {
      anchor.current = number;
    }
    show(number);
    scroller.current?.focus({ preventScroll: true }); // not the cell that was clicked: the grid has the keys
    const row = pages.row(number);
    if (add && !extend && row && selection.has(row.cell)) {
      props.onRemove(row.cell);
    } else {
      props.onSelect(Math.min(anchor.current, number), Math.max(anchor.current, number), add);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey;
    const page = Math.max(Math.floor(height.value / ROW) - 2, 1);
    const moves: Record<string, number> = {
      ArrowUp: active.value - 1,
      ArrowDown: active.value + 1,
      PageUp: active.value - page,
      PageDown: active.value + page,
      Home: 0,
      End: count - 1,
    };
    const target = moves[event.key];
    if (count === 0) {
      return;
    }
    if (target !== undefined) {
      const number = Math.min(Math.max(target, 0), count - 1);
      if (event.shiftKey) {
        select(number, true, false);
      } else {
        show(number);
      }
    } else if (event.key === " " || event.key === "Enter") {
      select(active.value, event.shiftKey, command);
    } else if (event.key === "a" && command) {
      own.current = true;
      props.onSelect(0, count - 1, false);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const head = (name: string | null, label: string, isNumber: boolean) => {
    const sorted = sorting.sort === name;
    return (
      // biome-ignore lint/a11y/useSemanticElements: a virtual grid is no table
      <span
        key={label}
        role="columnheader"
        class={isNumber ? "bw-grid-head bw-number" : "bw-grid-head"}
        aria-sort={sorted ? (sorting.descending ? "descending" : "ascending") : "none"}
        tabIndex={-1}
      >
        <button
          type="button"
          title={`Sort by ${label}`}
          onClick={() => props.onSort({ sort: name, descending: sorted && !sorting.descending })}
        >
          {label}
          <span aria-hidden="true">{sorted ? (sorting.descending ? " ▾" : " ▴") : ""}</span>
        </button>
      </span>
    );
  };
  const visible: number[] = [];
  for (let number = first; number <= last; number += 1) {
    visible.push(number);
  }
  const columns = rows?.columns ?? [];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is no table
    <div
      ref={scroller}
      class="bw-grid"
      style={{ "--bw-row": `${ROW}px` }}
      role="grid"
      aria-label="Cells"
      aria-multiselectable="true"
      aria-busy={old}
      aria-rowcount={count + 1}
      aria-colcount={columns.length + 1}
      aria-activedescendant={count > 0 ? `${id}-${active.value}` : undefined}
      tabIndex={0}
      onScroll={(event) => {
        top.value = event.currentTarget.scrollTop;
      }}
      onKeyDown={onKeyDown}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above */}
      <div role="row" class="bw-grid-row bw-grid-top" aria-rowindex={1} tabIndex={-1}>
        {head(null, "id", true)}
        {columns.map(({ name, is_number }) => head(name, name, is_number))}
      </div>
      <div class="bw-grid-body" data-old={old || undefined} style={{ height: `${count * ROW}px` }}>
        {visible.map((number) => (
          <Line
            key={number}
            id={`${id}-${number}`}
            number={number}
            row={seen.current.row(number)}
            columns={columns}
            selection={selection}
            active={number === active.value}
            onClick={(event) => select(number, event.shiftKey, event.ctrlKey || event.metaKey)}
          />
        ))}
      </div>
    </div>
  );
}

/** Scrolls to a cell that was picked elsewhere. */
function usePick({ pages, selection, placeOf }: GridProps, own: { current: boolean }, show: (row: number) => void) {
  const only = selection.count === 1 ? selection.first : null;
  const before = useRef(only);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new order is no new pick
  useEffect(() => {
    const mine = own.current;
    own.current = false;
    if (only === null || only === before.current || mine) {
      before.current = only;
      return;
    }
    before.current = only;
    let current = true;
    placeOf(only).then(
      (place) => current && place !== null && show(place),
      () => undefined, // the rows tell why they are not there
    );
    return () => {
      current = false;
    };
  }, [only, selection, pages]);
}

interface LineProps {
  readonly id: string;
  readonly number: number;
  readonly row: Row | null;
  readonly columns: Rows["columns"];
  readonly selection: Ranges;
  readonly active: boolean;
  readonly onClick: (event: MouseEvent) => void;
}

function Line({ id, number, row, columns, selection, active, onClick }: LineProps) {
  const selected = row !== null && selection.has(row.cell);
  const classes = ["bw-grid-row", selected && "bw-chosen", active && "bw-active"].filter(Boolean).join(" ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is no table
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
    <div
      id={id}
      role="row"
      class={classes}
      aria-rowindex={number + 2}
      aria-selected={selected}
      tabIndex={-1}
      style={{ transform: `translateY(${number * ROW}px)` }}
      onClick={onClick}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above */}
      <span role="gridcell" class="bw-number" tabIndex={-1}>
        {row?.cell ?? "…"}
      </span>
      {columns.map(({ name, is_number }, place) => (
        // biome-ignore lint/a11y/useSemanticElements: see above
        <span
          key={name}
          role="gridcell"
          class={is_number ? "bw-number" : ""}
          title={say(row?.values[place])}
          tabIndex={-1}
        >
          {format(row?.values[place])}
        </span>
      ))}
    </div>
  );
}

type Value = string | number | boolean | null | undefined;

function say(value: Value): string {
  return value === null || value === undefined ? "" : String(value);
}

/** Numbers with six digits at most; the title has all of them. */
function format(value: Value): string {
  return typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : say(value);
}
