// Synapses between cells: how many there are, as spheres or lines in the picture; and the partners of a cell.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useView } from "../context.js";
import { type Circuit, type EdgesFound, PARAMETERS } from "../contract.js";
import type { CallError } from "../kernel/link.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { formatCount } from "../ui/format.js";
import { NumberInput } from "../ui/NumberInput.js";
import { Problem } from "../ui/Problem.js";
import { useAnswer } from "./asking.js";
import { EndField } from "./EndField.js";
import { ANY, type Chosen, type End, populationOf, readEnd } from "./ends.js";
import { Walk } from "./Walk.js";

const OPTIONS = PARAMETERS["connections.show_synapses"];
const FORMS = [
  ["spheres", "Spheres at their places"],
  ["lines", "Lines between the somas"],
] as const;
const COLORS = [
  ["direction", "Direction"],
  ["type", "Excitatory or inhibitory"],
] as const;
const ONE = "";

export function Synapses() {
  const { traits } = useView();
  const loaded = traits.models.value.find(({ path, population }) => path !== null && population !== null);
  if (!loaded?.path || !loaded.population || traits.status.value.state !== "ready") {
    return (
      <div>
        <p class="bw-hint">Load a circuit, and its synapses can be found here.</p>
      </div>
    );
  }
  return (
    <div>
      <Form key={loaded.path} path={loaded.path} loaded={loaded.population} />
      <Walk />
    </div>
  );
}

interface FormProps {
  readonly path: string;
  readonly loaded: string;
}

function Form({ path, loaded }: FormProps) {
  const { link, picture, traits } = useView();
  const commands = useCommands();
  const source = useSignal<End>({ ...ANY, kind: "selection" });
  const target = useSignal<End>(ANY);
  const edges = useSignal("");
  const form = useSignal<(typeof FORMS)[number][0]>("spheres");
  const color = useSignal<string>(OPTIONS.color_by.default);
  const limit = useSignal<number>(OPTIONS.limit.default);
  const circuit = useCircuit(path);
  const chosen: Chosen = { selection: traits.selection.value, picked: picture.picking.cell.value };
  const [from, to] = [source.value, target.value].map((end) =>
    readEnd(end, chosen, populationOf(end, circuit, loaded)),
  ) as [ReturnType<typeof readEnd>, ReturnType<typeof readEnd>];
  const mistake = "mistake" in from ? from.mistake : "mistake" in to ? to.mistake : "";
  const ends = "cells" in from && "cells" in to ? { source: from.cells, target: to.cells, path } : null;
  const { found, error, busy } = useCounts(ends);
  const parts = found?.filter(({ name }) => edges.value === "" || name === edges.value) ?? [];
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const attributes = [...new Set(parts.flatMap((part) => part.attributes))];
  const show = () =>
    void commands.run(() =>
      link.call("connections.show_synapses", {
        ...ends,
        populations: edges.value ? [edges.value] : null,
        form: form.value,
        color_by: color.value || null,
        limit: limit.value,
      }),
    );
  return (
    <>
      <EndField
        name="From"
        end={source.value}
        chosen={chosen}
        circuit={circuit}
        loaded={loaded}
        onChange={(end) => {
          source.value = end;
        }}
      />
      <EndField
        name="To"
        end={target.value}
        chosen={chosen}
        circuit={circuit}
        loaded={loaded}
        onChange={(end) => {
          target.value = end;
        }}
      />
      {(found?.length ?? 0) > 1 && (
        <Field name="Edges">
          {(id) => (
            <select
              id={id}
              value={edges.value}
              onChange={({ currentTarget }) => {
                edges.value = currentTarget.value;
              }}
            >
              <option value="">All populations</option>
              {found?.map((part) => (
                <option key={part.name} value={part.name}>
                  {`${part.name} · ${formatCount(part.count)}`}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field name="Show as">
        {(id) => (
          <select
            id={id}
            value={form.value}
            onChange={({ currentTarget }) => {
              form.value = currentTarget.value as (typeof FORMS)[number][0];
            }}
          >
            {FORMS.map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field name="Color by">
        {(id) => (
          <select
            id={id}
            value={color.value}
            onChange={({ currentTarget }) => {
              color.value = currentTarget.value;
            }}
          >
            {COLORS.map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
            <option value={ONE}>One color</option>
            {attributes.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field name="At most">
        {(id) => (
          <NumberInput
            id={id}
            title="Of more, so many are shown, at even steps"
            value={limit.value}
            minimum={OPTIONS.limit.minimum}
            digits={9}
            onChoose={(most) => {
              limit.value = Math.round(most);
            }}
          />
        )}
      </Field>
      <p class="bw-hint bw-edges" role="status">
        {mistake || (busy ? "Counting…" : found ? told(count, limit.value, form.value) : "")}
      </p>
      {error && <Refused error={error} />}
      <div class="bw-acts">
        <Button primary disabled={commands.busy.value || busy || count === 0 || mistake !== ""} onClick={show}>
          Show synapses
        </Button>
      </div>
      <Problem of={commands} />
    </>
  );
}

function told(count: number, limit: number, form: string): string {
  if (count === 0) {
    return "No synapses join these cells.";
  }
  const all = `${formatCount(count)} ${count === 1 ? "synapse" : "synapses"}`;
  if (count <= limit) {
    return `${all}, all of which are shown.`;
  }
  const shown = formatCount(limit);
  return form === "lines"
    ? `${all}. At most ${shown} pairs of cells are joined by lines.`
    : `${all}, of which ${shown} are shown, at even steps.`;
}

function Refused({ error }: { readonly error: CallError }) {
  return (
    <p class="bw-problem" role="alert">
      <span>{error.message}</span>
      {error.hint && <span class="bw-hint">{error.hint}</span>}
    </p>
  );
}

/** What is known of the circuit; null until the backend has told. */
function useCircuit(path: string): Circuit | null {
  const { link } = useView();
  const circuit = useSignal<Circuit | null>(null);
  useEffect(() => {
    let current = true;
    link.call("files.inspect", { path }).then(
      (found) => {
        if (current) {
          circuit.value = found;
        }
      },
      () => {
        // The selection and picked cells tell all that is needed.
      },
    );
    return () => {
      current = false;
    };
  }, [path, link, circuit]);
  return circuit.value;
}

interface Counts {
  readonly found: readonly EdgesFound[] | null;
  readonly error: CallError | null;
  readonly busy: boolean;
}

interface Ends {
  readonly source: unknown;
  readonly target: unknown;
  readonly path: string;
}

/** How many synapses join such cells. */
function useCounts(ends: Ends | null): Counts {
  const { answer, ...rest } = useAnswer(ends, (link, asked) => link.call("connections.count_synapses", asked));
  return { found: answer, ...rest };
}
