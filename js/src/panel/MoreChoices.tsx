// What few people choose for a load: ids, a largest number, further populations, synapses.
import { type Circuit, PARAMETERS, type Population } from "../contract.js";
import { Field } from "../ui/Field.js";
import { Text } from "../ui/Text.js";
import { idsOf } from "./typedIds.js";

const OPTIONS = PARAMETERS["models.load_circuit"];

export interface MoreChosen {
  /** Ids as they are typed. */
  readonly ids: string;
  /** The largest number of cells as it is typed, or "". */
  readonly limit: string;
  /** Names of populations that are loaded with the chosen one. */
  readonly also: readonly string[];
  readonly afferent: readonly string[];
  readonly efferent: readonly string[];
  /** Share of the synapses in percent, as it is typed. */
  readonly synapses: string;
}

export const NO_MORE: MoreChosen = { ids: "", limit: "", also: [], afferent: [], efferent: [], synapses: "100" };

interface MoreChoicesProps {
  readonly circuit: Circuit;
  /** The populations that are chosen. */
  readonly populations: readonly Population[];
  readonly choices: MoreChosen;
  readonly onChange: (changes: Partial<MoreChosen>) => void;
}

/** The names that several populations have, each once. */
export function edgesOf(populations: readonly Population[], side: "afferent" | "efferent"): readonly string[] {
  return [...new Set(populations.flatMap((population) => population[side]))];
}

export function MoreChoices({ circuit, populations, choices, onChange }: MoreChoicesProps) {
  const found = idsOf(choices.ids);
  const [first] = populations;
  const problem = typeof found === "string" ? found : populations.length > 1 && found.length > 0 ? ONE : "";
  const others = circuit.populations.filter(({ name, reason }) => name !== first?.name && !reason);
  const sides = [
    { side: "afferent", title: "Synapses on them" },
    { side: "efferent", title: "Synapses of them" },
  ] as const;
  const isSynaptic = sides.some(({ side }) => choices[side].length > 0);
  return (
    <details
      class="bw-more-choices"
      onInvalidCapture={({ currentTarget }) => {
        currentTarget.open = true; // what is folded away cannot say what is wrong with it
      }}
    >
      <summary>More</summary>
      <div class="bw-form">
        <Text
          name="Only ids"
          placeholder="such as 3, 10-20"
          maxLength={MOST_TYPED}
          problem={problem}
          value={choices.ids}
          onInput={(text) => onChange({ ids: text })}
        />
        {problem && <small class="bw-hint">{problem}</small>}
        <Field name="At most">
          {(id) => (
            <span class="bw-unit">
              <input
                id={id}
                type="number"
                min={OPTIONS.limit.minimum}
                step={1}
                placeholder="all"
                value={choices.limit}
                onInput={(event) => onChange({ limit: event.currentTarget.value })}
              />
              cells
            </span>
          )}
        </Field>
        <Several
          title="Also load"
          names={others.map(({ name }) => name)}
          chosen={choices.also}
          onChange={(also) => onChange({ also })}
        />
        {sides.map(({ side, title }) => (
          <Several
            key={side}
            title={title}
            names={edgesOf(populations, side)}
            chosen={choices[side]}
            onChange={(names) => onChange({ [side]: names })}
          />
        ))}
        {isSynaptic && (
          <Field name="Of these">
            {(id) => (
              <span class="bw-unit">
                <input
                  id={id}
                  type="number"
                  min={100 * OPTIONS.synapse_density.exclusiveMinimum}
                  max={100 * OPTIONS.synapse_density.maximum}
                  step="any"
                  required
                  aria-label="Share of the synapses in percent"
                  value={choices.synapses}
                  onInput={(event) => onChange({ synapses: event.currentTarget.value })}
                />
                %
              </span>
            )}
          </Field>
        )}
      </div>
    </details>
  );
}

const MOST_TYPED = 100_000;
const ONE = "Ids are of one population; load the populations one by one.";

interface SeveralProps {
  readonly title: string;
  readonly names: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Check boxes; nothing without names. */
function Several({ title, names, chosen, onChange }: SeveralProps) {
  return (
    <fieldset class="bw-several" hidden={names.length === 0}>
      <legend>{title}</legend>
      {names.map((name) => (
        <label key={name} title={name}>
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ currentTarget: { checked } }) =>
              onChange(checked ? [...chosen, name] : chosen.filter((one) => one !== name))
            }
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
