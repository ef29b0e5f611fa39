// One end of the synapses: which cells send, or receive.
import type { Circuit } from "../contract.js";
import { Field } from "../ui/Field.js";
import { Conditions } from "./Conditions.js";
import type { Counting } from "./counting.js";
import { type Chosen, type End, type EndKind, populationOf } from "./ends.js";

interface EndFieldProps {
  /** "From" or "To". */
  readonly name: string;
  readonly end: End;
  readonly chosen: Chosen;
  readonly circuit: Circuit | null;
  /** The node population of cells that do not tell theirs. */
  readonly loaded: string;
  readonly onChange: (end: End) => void;
}

/** The form counts synapses, not cells. */
const NOT_COUNTED: Counting = { count: null, error: null, busy: false };

export function EndField({ name, end, chosen, circuit, loaded, onChange }: EndFieldProps) {
  const change = (changes: Partial<End>) => onChange({ ...end, ...changes });
  const population = populationOf(end, circuit, loaded);
  const { picked } = chosen;
  const kinds: readonly (readonly [EndKind, string])[] = [
    ["any", "Any cells"],
    ["selection", "The selected cells"],
    ["picked", picked ? `The picked cell, ${picked.cell}` : "The picked cell"],
    ["where", "Cells where…"],
    ["set", "A node set"],
    ["ids", "Cells by their ids"],
  ];
  const inCircuit = end.kind === "where" || end.kind === "set" || end.kind === "ids";
  const lower = name.toLowerCase();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend does not stand in a line with a control
    <div role="group" aria-label={`Cells, ${lower}`}>
      <Field name={name}>
        {(id) => (
          <select
            id={id}
            value={end.kind}
            onChange={({ currentTarget }) => change({ kind: currentTarget.value as EndKind })}
          >
            {kinds.map(([kind, text]) => (
              <option key={kind} value={kind}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      {inCircuit && (circuit?.populations.length ?? 0) > 1 && (
        <Field name="of">
          {(id) => (
            <select
              id={id}
              aria-label={`Population, ${lower}`}
              value={population?.name}
              onChange={({ currentTarget }) => change({ population: currentTarget.value, conditions: [] })}
            >
              {circuit?.populations.map((one) => (
                <option key={one.name}>{one.name}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      {end.kind === "set" && (
        <Field name="Node set">
          {(id) => (
            <select
              id={id}
              aria-label={`Node set, ${lower}`}
              value={end.nodeSet}
              onChange={({ currentTarget }) => change({ nodeSet: currentTarget.value })}
            >
              <option value="">Choose…</option>
              {circuit?.node_sets.map((set) => (
                <option key={set}>{set}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      {end.kind === "ids" && (
        <Field name="Ids">
          {(id) => (
            <input
              type="text"
              id={id}
              aria-label={`Ids, ${lower}`}
              placeholder="0-79, 90"
              spellcheck={false}
              autocomplete="off"
              value={end.ids}
              onInput={({ currentTarget }) => change({ ids: currentTarget.value })}
            />
          )}
        </Field>
      )}
      {end.kind === "where" && (
        <Conditions
          columns={population?.columns ?? []}
          conditions={end.conditions}
          any={end.any}
          counting={NOT_COUNTED}
          onChange={(conditions, any) => change({ conditions, any })}
        />
      )}
    </div>
  );
}
