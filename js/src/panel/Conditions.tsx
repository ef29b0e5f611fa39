// Conditions on the cells that are loaded: rows of attribute, comparison and value.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CellCount, Column } from "../contract.js";
import type { CallError } from "../kernel/link.js";
import { Button, IconButton } from "../ui/Button.js";
import { formatCount } from "../ui/format.js";
import type { Counting } from "./counting.js";
import { type Comparison, type Condition, comparisonsOf, conditionAt, mistakeIn, withColumn } from "./query.js";

interface ConditionsProps {
  readonly columns: readonly Column[];
  readonly conditions: readonly Condition[];
  /** Whether one of them is enough. */
  readonly any: boolean;
  readonly counting: Counting;
  readonly onChange: (conditions: readonly Condition[], any: boolean) => void;
}

export function Conditions({ columns, conditions, any, counting, onChange }: ConditionsProps) {
  const lastKey = useRef(0);
  const [first] = columns;
  if (!first) {
    return null;
  }
  const add = () => {
    lastKey.current += 1;
    onChange([...conditions, { key: lastKey.current, column: first.name, comparison: "is", value: "" }], any);
  };
  const replace = (changed: Condition) =>
    onChange(
      conditions.map((condition) => (condition.key === changed.key ? changed : condition)),
      any,
    );
  const remove = (key: number) =>
    onChange(
      conditions.filter((condition) => condition.key !== key),
      any,
    );
  const addition = <Button onClick={add}>Add condition</Button>;
  const { error } = counting;
  const elsewhere = error && conditionAt(error.place) < 0 ? told(error) : "";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend does not stand in a line with a control
    <div class="bw-conditions" role="group" aria-label="Only cells">
      <div class="bw-conditions-line">
        <span class="bw-conditions-name">Only cells</span>
        {conditions.length === 0 && addition}
        {conditions.length === 1 && <span class="bw-hint">where</span>}
        {conditions.length > 1 && (
          <select
            aria-label="Join the conditions"
            value={any ? "any" : "all"}
            onChange={(event) => onChange(conditions, event.currentTarget.value === "any")}
          >
            <option value="all">where all are true (and)</option>
            <option value="any">where any is true (or)</option>
          </select>
        )}
      </div>
      {conditions.map((condition, index) => (
        <Row
          key={condition.key}
          number={index + 1}
          columns={columns}
          condition={condition}
          notes={notesOn(index, counting)}
          onChange={replace}
          onRemove={() => remove(condition.key)}
        />
      ))}
      <div class="bw-conditions-line" hidden={conditions.length === 0 && !counting.busy && !counting.count}>
        <small class="bw-hint">
          {counting.busy && "Counting…"}
          <span role="status">{counting.busy ? "" : outcome(counting.count)}</span>
        </small>
        {conditions.length > 0 && addition}
      </div>
      <p class="bw-problem" role="alert" hidden={!elsewhere}>
        {elsewhere}
      </p>
    </div>
  );
}

/** What the kernel says about one condition. */
function notesOn(index: number, { count, error }: Counting): string[] {
  const notes = count?.remarks.filter(({ place }) => conditionAt(place) === index).map(({ text }) => text) ?? [];
  return error && conditionAt(error.place) === index ? [told(error), ...notes] : notes;
}

function told({ message, hint }: CallError): string {
  return hint ? `${message} ${hint}` : message;
}

interface RowProps {
  readonly number: number;
  readonly columns: readonly Column[];
  readonly condition: Condition;
  readonly notes: readonly string[];
  readonly onChange: (condition: Condition) => void;
  readonly onRemove: () => void;
}

function Row({ number, columns, condition, notes, onChange, onRemove }: RowProps) {
  const value = useRef<HTMLInputElement>(null);
  const attribute = useRef<HTMLSelectElement>(null);
  const [mistakeId] = useState(() => `bw-${Math.random().toString(36).slice(2)}`);
  const column = columns.find(({ name }) => name === condition.column);
  const mistake = mistakeIn(condition, column);
  const shown = condition.value.trim() && mistake ? [mistake] : notes;
  useLayoutEffect(() => value.current?.setCustomValidity(mistake), [mistake]);
  useLayoutEffect(() => attribute.current?.focus({ preventScroll: true }), []);
  const chooseColumn = (name: string) => {
    const chosen = columns.find((one) => one.name === name);
    if (chosen) {
      onChange(withColumn(condition, chosen));
    }
  };
  const several = condition.comparison === "is" || condition.comparison === "is not";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset in a fieldset is read out twice
    <div class="bw-condition" role="group" aria-label={`Condition ${number}`}>
      <select
        ref={attribute}
        aria-label="Attribute"
        value={condition.column}
        onChange={(event) => chooseColumn(event.currentTarget.value)}
      >
        {columns.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <select
        aria-label="Comparison"
        value={condition.comparison}
        onChange={(event) => onChange({ ...condition, comparison: event.currentTarget.value as Comparison })}
      >
        {comparisonsOf(column).map((comparison) => (
          <option key={comparison} value={comparison}>
            {comparison}
          </option>
        ))}
      </select>
      <input
        ref={value}
        type="text"
        aria-label="Value"
        aria-invalid={shown.length > 0}
        aria-describedby={mistakeId} // no alert, which would say it with each letter
        spellcheck={false}
        autocomplete="off"
        inputMode={column?.is_number ? "decimal" : "text"}
        placeholder={placeholder(column, several)}
        value={condition.value}
        onInput={(event) => onChange({ ...condition, value: event.currentTarget.value })}
      />
      <IconButton icon="close" label={`Remove condition ${number}`} title="Remove" onClick={onRemove} />
      <p class="bw-problem" id={mistakeId} hidden={shown.length === 0}>
        {shown.join(" ")}
      </p>
    </div>
  );
}

function placeholder(column: Column | undefined, several: boolean): string {
  if (!several) {
    return column?.is_number ? "100" : "L5_.*";
  }
  return column?.is_number ? "4, 5" : "one, another";
}

function outcome(count: CellCount | null): string {
  return count ? `${formatCount(count.cells)} of ${formatCount(count.size)} cells chosen` : "";
}
