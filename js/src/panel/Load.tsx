// Load a circuit: browse, look into it, say what to load.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { Circuit } from "../contract.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { formatCount, shortPath } from "../ui/format.js";
import { Problem } from "../ui/Problem.js";
import { DensityField } from "./DensityField.js";
import { comfortableDensity } from "./density.js";
import { FileBrowser } from "./FileBrowser.js";

/** Node attributes that circuits have by convention; one that a circuit has not is told by the kernel. */
const COLOR_BY = ["layer", "mtype", "etype", "region", "synapse_class"];

/** What the form says. */
interface Choices {
  readonly population: string;
  /** Or "" for all cells. */
  readonly nodeSet: string;
  readonly density: number;
  readonly soma: boolean;
  readonly axon: boolean;
  readonly dendrites: boolean;
  /** As it is typed. */
  readonly radius: string;
  /** Or "" for one color. */
  readonly colorBy: string;
}

const FIRST_CHOICES: Choices = {
  population: "",
  nodeSet: "",
  density: 1,
  soma: true,
  axon: false,
  dendrites: true,
  radius: "1",
  colorBy: "",
};

function sizeOf(circuit: Circuit, population: string): number {
  return circuit.populations.find(({ name }) => name === population)?.size ?? 0;
}

export function Load() {
  const { link } = useView();
  const commands = useCommands();
  const circuit = useSignal<Circuit | null>(null);
  const choices = useSignal(FIRST_CHOICES);
  const change = (changes: Partial<Choices>) => {
    choices.value = { ...choices.value, ...changes };
  };
  const inspect = async (path: string) => {
    const found = await link.call("inspect_circuit", { path });
    const cells = found.populations.find(({ type }) => type === "biophysical") ?? found.populations[0];
    change({ population: cells?.name ?? "", nodeSet: "", density: comfortableDensity(cells?.size ?? 0) });
    circuit.value = found;
  };
  const load = (path: string) => {
    const { population, nodeSet, density, soma, axon, dendrites, radius, colorBy } = choices.value;
    return link.call("load_circuit", {
      path,
      population,
      density,
      node_sets: nodeSet ? [nodeSet] : [],
      soma,
      axon,
      dendrites,
      radius_multiplier: Number(radius),
      color_by: colorBy || null,
    });
  };
  const back = () => {
    commands.clear();
    circuit.value = null;
  };
  const found = circuit.value;
  return (
    <div aria-busy={commands.busy.value}>
      <FileBrowser hidden={found !== null} onPick={(path) => void commands.run(() => inspect(path))} />
      {found && (
        <LoadForm
          circuit={found}
          choices={choices.value}
          busy={commands.busy.value}
          onChange={change}
          onBack={back}
          onLoad={() => void commands.run(() => load(found.path))}
        />
      )}
      <Problem of={commands} />
    </div>
  );
}

interface LoadFormProps {
  readonly circuit: Circuit;
  readonly choices: Choices;
  readonly busy: boolean;
  readonly onChange: (changes: Partial<Choices>) => void;
  readonly onBack: () => void;
  readonly onLoad: () => void;
}

function LoadForm({ circuit, choices, busy, onChange, onBack, onLoad }: LoadFormProps) {
  const population = useRef<HTMLSelectElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another circuit is chosen from anew
  useLayoutEffect(() => population.current?.focus({ preventScroll: true }), [circuit]);
  const submit = (event: Event) => {
    event.preventDefault();
    onLoad();
  };
  const choosePopulation = (name: string) =>
    onChange({ population: name, density: comfortableDensity(sizeOf(circuit, name)) });
  return (
    <form class="bw-form" onSubmit={submit}>
      <p class="bw-path-name" title={circuit.path}>
        {shortPath(circuit.path)}
      </p>
      <Field name="Population">
        {(id) => (
          <select
            id={id}
            ref={population}
            value={choices.population}
            onChange={(event) => choosePopulation(event.currentTarget.value)}
          >
            {circuit.populations.map(({ name, type, size }) => (
              <option key={name} value={name}>{`${name} · ${formatCount(size)} · ${type}`}</option>
            ))}
          </select>
        )}
      </Field>
      <Field name="Node set">
        {(id) => (
          <select
            id={id}
            value={choices.nodeSet}
            onChange={(event) => onChange({ nodeSet: event.currentTarget.value })}
          >
            <option value="">All cells</option>
            {circuit.node_sets.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <DensityField
        density={choices.density}
        cells={sizeOf(circuit, choices.population)}
        onChange={(density) => onChange({ density })}
      />
      <Parts choices={choices} onChange={onChange} />
      <Field name="Radius ×">
        {(id) => (
          <input
            id={id}
            type="number"
            min={0.1}
            max={100}
            step="any"
            required
            value={choices.radius}
            onInput={(event) => onChange({ radius: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field name="Color by">
        {(id) => (
          <select
            id={id}
            value={choices.colorBy}
            onChange={(event) => onChange({ colorBy: event.currentTarget.value })}
          >
            <option value="">One color</option>
            {COLOR_BY.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <div class="bw-actions">
        <Button onClick={onBack}>Back</Button>
        <Button primary disabled={busy}>
          Load
        </Button>
      </div>
    </form>
  );
}

const PARTS = { soma: "Soma", axon: "Axon", dendrites: "Dendrites" } as const;

function Parts({ choices, onChange }: Pick<LoadFormProps, "choices" | "onChange">) {
  const first = useRef<HTMLInputElement>(null);
  const none = !choices.soma && !choices.axon && !choices.dendrites;
  useLayoutEffect(() => {
    first.current?.setCustomValidity(none ? "Choose at least one part of the cells." : "");
  }, [none]);
  return (
    <fieldset class="bw-parts">
      <legend>Parts</legend>
      {(Object.keys(PARTS) as (keyof typeof PARTS)[]).map((part) => (
        <label key={part}>
          <input
            type="checkbox"
            ref={part === "soma" ? first : null}
            checked={choices[part]}
            onChange={(event) => onChange({ [part]: event.currentTarget.checked })}
          />
          {PARTS[part]}
        </label>
      ))}
    </fieldset>
  );
}
