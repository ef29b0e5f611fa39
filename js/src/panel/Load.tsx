// Form to load a circuit or a cell: browse, inspect, choose options.

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { type Circuit, type Format, PARAMETERS, type Population } from "../contract.js";
import { CallError } from "../kernel/link.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { formatCount, shortPath } from "../ui/format.js";
import { Problem } from "../ui/Problem.js";
import { Conditions } from "./Conditions.js";
import { useCount } from "./counting.js";
import { DensityField } from "./DensityField.js";
import { comfortableDensity } from "./density.js";
import { FileBrowser } from "./FileBrowser.js";
import { FileForm } from "./FileForm.js";
import { type Fold, Folding, useFolding } from "./Folding.js";
import { fileFormat } from "./files.js";
import { useFormats } from "./formats.js";
import { LoadActions } from "./LoadActions.js";
import { LoadByName, MORPHOLOGY } from "./LoadByName.js";
import { edgesOf, MoreChoices, type MoreChosen, NO_MORE } from "./MoreChoices.js";
import { NodeSets } from "./NodeSets.js";
import { type PartChoices, Parts } from "./Parts.js";
import { type Condition, mistakeIn, type Query, queryOf } from "./query.js";
import { fieldsOf } from "./schema.js";
import { idsOf } from "./typedIds.js";
import { Upload } from "./Upload.js";

const OPTIONS = PARAMETERS["models.load_circuit"];
const UNREAD = "The renderer may read it all the same, if you name the population.";

/** Values of the form. */
interface Choices extends PartChoices, MoreChosen {
  readonly population: string;
  /** None for all cells. */
  readonly nodeSets: readonly string[];
  readonly conditions: readonly Condition[];
  /** Whether one of the conditions is enough. */
  readonly any: boolean;
  /** Or null for a comfortable one. */
  readonly density: number | null;
  /** As it is typed. */
  readonly radius: string;
  /** Or "" for one color. */
  readonly colorBy: string;
}

const FIRST_CHOICES: Choices = {
  population: "",
  nodeSets: [],
  conditions: [],
  any: false,
  density: null,
  soma: OPTIONS.soma.default,
  axon: OPTIONS.axon.default ?? false, // of a circuit
  dendrites: OPTIONS.dendrites.default,
  radius: String(OPTIONS.radius_multiplier.default),
  colorBy: "",
  ...NO_MORE,
};

function find(circuit: Circuit, population: string | null): Population | undefined {
  return circuit.populations.find(({ name }) => name === population);
}

/** Values that depend on the chosen population. */
function choosing(population: Population | undefined, colorBy: string): Partial<Choices> {
  return {
    population: population?.name ?? "",
    conditions: [],
    density: null,
    ...NO_MORE,
    colorBy: population?.attributes.includes(colorBy) ? colorBy : "",
  };
}

/** The query of the conditions: null without any, undefined while one has a mistake. */
function asked({ conditions, any }: Choices, population: Population | undefined): Query | null | undefined {
  const columns = population?.columns ?? [];
  const isWrong = (condition: Condition) =>
    mistakeIn(
      condition,
      columns.find(({ name }) => name === condition.column),
    );
  if (conditions.some(isWrong)) {
    return undefined;
  }
  return conditions.length > 0 ? queryOf(conditions, columns, any) : null;
}

/** The populations of a form. */
function chosenOf(circuit: Circuit, { population, also }: Choices): readonly Population[] {
  return [population, ...also].flatMap((name) => find(circuit, name) ?? []);
}

/** The attributes that all populations of a form have. */
function attributesOf(circuit: Circuit, choices: Choices): readonly string[] {
  const [first, ...others] = chosenOf(circuit, choices);
  return first?.attributes.filter((name) => others.every(({ attributes }) => attributes.includes(name))) ?? [];
}

/** The ids of a form, or null for any. */
function typedIds({ ids }: Choices): readonly number[] | null {
  const found = idsOf(ids);
  return typeof found === "string" || found.length === 0 ? null : found;
}

export function Load() {
  const lack = useView().traits.job.value.lack;
  const formats = useFormats();
  const folding = useFolding();
  return (
    <Folding of={folding}>
      {lack ? <LoadByName reason={lack} formats={formats} /> : <LoadByLooking formats={formats} folding={folding} />}
      <Upload formats={formats} folding={folding} />
    </Folding>
  );
}

interface LoadProps {
  /** What can be loaded; null if nobody has told it. */
  readonly formats: readonly Format[] | null;
  readonly folding: Fold;
}

function LoadByLooking({ formats, folding }: LoadProps) {
  const { link, traits } = useView();
  const commands = useCommands();
  const circuit = useSignal<Circuit | null>(null);
  /** A file whose loader has parameters. */
  const file = useSignal<{ readonly path: string; readonly format: Format } | null>(null);
  const choices = useSignal(FIRST_CHOICES);
  const change = (changes: Partial<Choices>) => {
    folding.stay();
    choices.value = { ...choices.value, ...changes };
  };
  const inspect = async (path: string) => {
    const found = await link.call("files.inspect", { path });
    if (found.populations.every(({ reason }) => reason)) {
      const message = "This circuit has no node population that can be shown.";
      const hint = found.populations.map(({ name, reason }) => `${name}: ${reason}.`).join(" ");
      throw new CallError({ type: "CircuitError", message, hint: hint || "Choose another file." });
    }
    change({ nodeSets: [], ...choosing(find(found, found.default_population), choices.value.colorBy) });
    circuit.value = found;
  };
  const load = (circuit: Circuit, density: number, query: Query | null) => {
    const { path } = circuit;
    const { nodeSets, soma, axon, dendrites, radius, colorBy, limit, afferent, efferent, synapses } = choices.value;
    const populations = chosenOf(circuit, choices.value);
    const shown = (side: "afferent" | "efferent", names: readonly string[]) =>
      names.filter((name) => edgesOf(populations, side).includes(name));
    return folding.await(path, "models.load_circuit", {
      path,
      population: populations.map(({ name }) => name),
      density,
      node_ids: typedIds(choices.value),
      node_sets: nodeSets,
      query,
      limit: limit === "" ? null : Number(limit),
      afferent: shown("afferent", afferent),
      efferent: shown("efferent", efferent),
      synapse_density: Number(synapses) / 100,
      soma,
      axon,
      dendrites,
      radius_multiplier: Number(radius),
      color_by: attributesOf(circuit, choices.value).includes(colorBy) ? colorBy : null,
    });
  };
  const loadFile = (path: string, { loader }: Format, options: Readonly<Record<string, unknown>>) =>
    folding.await(path, "models.load_file", { path, loader, options });
  const pick = async (path: string) => {
    const format = fileFormat(path, formats);
    if (format?.reason) {
      throw new CallError({
        type: "CircuitError",
        message: `${shortPath(path)} cannot be loaded.`,
        hint: format.reason,
      });
    }
    if (format && fieldsOf(format.parameters, format.defaults).fields.length > 0) {
      file.value = { path, format };
    } else if (format) {
      await loadFile(path, format, format.defaults);
    } else if (MORPHOLOGY.test(path)) {
      await folding.await(path, "models.load_circuit", { path });
    } else {
      await inspect(path);
    }
  };
  const back = () => {
    commands.clear();
    circuit.value = null;
    file.value = null;
  };
  const found = circuit.value;
  /** The configuration that the backend could not read; the renderer may. */
  const unread = useSignal<string | null>(null);
  const opening = useSignal("");
  return (
    <div class="bw-load" aria-busy={commands.busy.value}>
      <FileBrowser
        hidden={found !== null || file.value !== null}
        formats={formats}
        opening={commands.busy.value ? opening.value : ""}
        onMove={() => {
          folding.stay();
          unread.value = null;
          commands.clear();
        }}
        onPick={async (path) => {
          unread.value = null;
          opening.value = path;
          const done = await commands.run(() => pick(path));
          unread.value = done || MORPHOLOGY.test(path) || !traits.job.value.brayns_backend ? null : path;
        }}
      />
      {found && (
        <LoadForm
          circuit={found}
          choices={choices.value}
          busy={commands.busy.value}
          onChange={change}
          onBack={back}
          onLoad={(density, query) => void commands.run(() => load(found, density, query))}
        />
      )}
      {file.value && (
        <FileForm
          name={file.value.path}
          format={file.value.format}
          busy={commands.busy.value}
          onBack={back}
          onChange={folding.stay}
          onLoad={(options) => {
            const chosen = file.value;
            if (chosen) {
              void commands.run(() => loadFile(chosen.path, chosen.format, options));
            }
          }}
        />
      )}
      <Problem of={commands} />
      {unread.value !== null && <LoadByName key={unread.value} path={unread.value} reason={UNREAD} formats={formats} />}
    </div>
  );
}

interface LoadFormProps {
  readonly circuit: Circuit;
  readonly choices: Choices;
  readonly busy: boolean;
  readonly onChange: (changes: Partial<Choices>) => void;
  readonly onBack: () => void;
  readonly onLoad: (density: number, query: Query | null) => void;
}

function LoadForm({ circuit, choices, busy, onChange, onBack, onLoad }: LoadFormProps) {
  const population = useRef<HTMLSelectElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another circuit is chosen from anew
  useLayoutEffect(() => population.current?.focus({ preventScroll: true }), [circuit]);
  const chosen = find(circuit, choices.population);
  const query = asked(choices, chosen);
  const [node_sets, node_ids] = [choices.nodeSets, typedIds(choices)];
  const narrowed = chosen && query !== undefined && (query !== null || node_ids !== null || node_sets.length > 0);
  const attributes = attributesOf(circuit, choices);
  const counting = useCount(
    narrowed ? { path: circuit.path, population: chosen.name, node_sets, node_ids, query } : null,
  );
  const cells = counting.count?.cells ?? chosen?.size ?? 0;
  const density = choices.density ?? comfortableDensity(cells);
  const submit = (event: Event) => {
    event.preventDefault();
    if (query !== undefined) {
      onLoad(density, query);
    }
  };
  const choosePopulation = (name: string) => onChange(choosing(find(circuit, name), choices.colorBy));
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
            required
            title={choices.population}
            value={choices.population}
            onChange={(event) => choosePopulation(event.currentTarget.value)}
          >
            {/* Where the circuit has none that can be loaded as it is, people say which. */}
            <option value="" hidden>
              Choose a population
            </option>
            {circuit.populations.map(({ name, type, size, reason }) => (
              <option key={name} value={name} disabled={reason !== ""} title={reason}>
                {`${name} · ${reason || `${formatCount(size)} · ${type}`}`}
              </option>
            ))}
          </select>
        )}
      </Field>
      {circuit.node_sets.length > 0 && (
        <NodeSets
          path={circuit.path}
          population={choices.population}
          names={circuit.node_sets}
          chosen={choices.nodeSets}
          onChange={(nodeSets) => onChange({ nodeSets })}
        />
      )}
      <Conditions
        columns={chosen?.columns ?? []}
        conditions={choices.conditions}
        any={choices.any}
        counting={counting}
        onChange={(conditions, any) => onChange({ conditions, any })}
      />
      <DensityField density={density} cells={cells} onChange={(density) => onChange({ density })} />
      <Parts choices={choices} onChange={onChange} />
      <Field name="Radius ×">
        {(id) => (
          <input
            id={id}
            type="number"
            min={OPTIONS.radius_multiplier.minimum}
            max={OPTIONS.radius_multiplier.maximum}
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
            value={attributes.includes(choices.colorBy) ? choices.colorBy : ""}
            onChange={(event) => onChange({ colorBy: event.currentTarget.value })}
          >
            <option value="">One color</option>
            {attributes.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <MoreChoices circuit={circuit} populations={chosenOf(circuit, choices)} choices={choices} onChange={onChange} />
      <LoadActions busy={busy} onBack={onBack} />
    </form>
  );
}
