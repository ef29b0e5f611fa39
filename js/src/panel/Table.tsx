// The table of a population: all its cells with their attributes. Rows and picture select each other.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { CallError } from "../kernel/link.js";
import { Ranges } from "../picture/ranges.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { formatCount } from "../ui/format.js";
import { Problem } from "../ui/Problem.js";
import { Conditions } from "./Conditions.js";
import { Grid, type Sorting } from "./Grid.js";
import { type Condition, mistakeIn, queryOf } from "./query.js";
import { RowPages, type Rows } from "./rows.js";

export function Table() {
  const { link, traits } = useView();
  const commands = useCommands();
  const chosen = useSignal("");
  const sorting = useSignal<Sorting>({ sort: null, descending: false });
  const conditions = useSignal<readonly Condition[]>([]);
  const any = useSignal(false);
  const only = useSignal(false);
  const populations = [...new Set(traits.models.value.flatMap((model) => (model.path && model.population) || []))];
  const population = populations.find((name) => name === chosen.value) ?? populations[0] ?? "";
  const text = traits.selection.value[population] ?? "";
  const selection = useMemo(() => new Ranges(text), [text]);
  const shown = useRef<Rows | null>(null); // of the last question, until the next one is answered
  if (shown.current?.population !== population) {
    shown.current = null;
  }
  const columns = shown.current?.columns ?? [];
  const complete = conditions.value.filter(
    (one) =>
      !mistakeIn(
        one,
        columns.find(({ name }) => name === one.column),
      ),
  );
  const query = complete.length > 0 ? queryOf(complete, columns, any.value) : null;
  const question = { population, ...sorting.value, query, selected: only.value };
  // The kernel takes the first model's circuit; another one may have a population of this name, too.
  const circuit = traits.models.value.find((model) => model.path && model.population === population)?.path;
  // Rows that are selected ones change with the selection.
  const key = JSON.stringify([question, circuit, only.value ? text : ""]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key has all of the question
  const pages = useMemo(
    () => new RowPages((first, count) => link.call("table.rows", { ...question, first, count })),
    [key],
  );
  useEffect(() => {
    if (population) {
      pages.need(0, 0);
    }
    return () => pages.close();
  }, [pages, population]);
  const rows = pages.newest.value;
  if (rows) {
    shown.current = rows;
  }
  if (!population) {
    return <p class="bw-hint">Load a circuit to see the attributes of its cells.</p>;
  }
  const error = pages.error.value;
  const named = shown.current?.columns ?? []; // those of the newest answer
  // Conditions tell what is wrong with one of them.
  const elsewhere = named.length > 0 && error instanceof CallError ? "" : saying(error);
  const counting = { count: null, error: error instanceof CallError ? error : null, busy: false };
  return (
    <div class="bw-table">
      {populations.length > 1 && (
        <Field name="Population">
          {(id) => (
            <select
              id={id}
              value={population}
              onChange={(event) => {
                chosen.value = event.currentTarget.value;
                conditions.value = [];
                sorting.value = { sort: null, descending: false };
              }}
            >
              {populations.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Conditions
        columns={named}
        conditions={conditions.value}
        any={any.value}
        counting={counting}
        onChange={(changed, anyOf) => {
          conditions.value = changed;
          any.value = anyOf;
        }}
      />
      <label class="bw-check">
        <input
          type="checkbox"
          checked={only.value}
          onChange={(event) => {
            only.value = event.currentTarget.checked;
          }}
        />
        Only the selected cells
      </label>
      <p class="bw-problem" role="alert" hidden={!elsewhere}>
        {elsewhere}
      </p>
      <p class="bw-hint" role="status" hidden={Boolean(error)}>
        {told(shown.current)}
      </p>
      <Grid
        pages={pages}
        rows={shown.current}
        sorting={sorting.value}
        selection={selection}
        onSort={(wanted) => {
          sorting.value = wanted;
        }}
        onSelect={(first, last, add) =>
          commands.run(() => link.call("table.select", { ...question, first, last, add }))
        }
        onRemove={(cell) => commands.run(() => link.call("selection.remove", { ids: { [population]: `${cell}` } }))}
        placeOf={async (cell) => (await link.call("table.rows", { ...question, count: 0, find: cell })).place}
      />
      <Problem of={commands} />
    </div>
  );
}

function saying(error: unknown): string {
  if (error instanceof CallError) {
    return [error.message, error.hint].filter(Boolean).join(" ");
  }
  return error === null ? "" : String(error);
}

function told(rows: Rows | null): string {
  if (!rows) {
    return "Reading the attributes…";
  }
  const { count, size } = rows;
  return count === size ? `${formatCount(size)} cells` : `${formatCount(count)} of ${formatCount(size)} cells`;
}
