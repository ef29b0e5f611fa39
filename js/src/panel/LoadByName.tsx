// Form to load what the backend cannot look into: path, population and node set are typed.
import { useSignal } from "@preact/signals";
import { useView } from "../context.js";
import { type Format, PARAMETERS } from "../contract.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { Problem } from "../ui/Problem.js";
import { Text } from "../ui/Text.js";
import { FileFields, useFileOptions } from "./FileForm.js";
import { fileFormat } from "./files.js";
import { type PartChoices, Parts } from "./Parts.js";

const OPTIONS = PARAMETERS["models.load_circuit"];
/** Files that are shown at once: a single cell has no populations to choose from. */
export const MORPHOLOGY = /\.(swc|asc|h5)$/i;

interface LoadByNameProps {
  readonly path?: string;
  /** Why it has to be typed. */
  readonly reason: string;
  readonly formats: readonly Format[] | null;
}

export function LoadByName({ path = "", reason, formats }: LoadByNameProps) {
  const { link, traits } = useView();
  const commands = useCommands();
  const typed = useSignal({ path, population: "", nodeSet: "", percent: "100", colorBy: "" });
  const parts = useSignal<PartChoices>({
    soma: OPTIONS.soma.default,
    axon: false,
    dendrites: OPTIONS.dendrites.default,
  });
  const type = (changes: Partial<typeof typed.value>) => {
    typed.value = { ...typed.value, ...changes };
  };
  const { population, nodeSet, percent, colorBy } = typed.value;
  const where = typed.value.path.trim();
  const format = fileFormat(where, formats);
  const fileOptions = useFileOptions(format);
  const isFile = format !== null || MORPHOLOGY.test(where);
  const load = (event: Event) => {
    event.preventDefault();
    const file = { path: where };
    const options = {
      population: population.trim(),
      node_sets: nodeSet.trim() ? [nodeSet.trim()] : [],
      density: Number(percent) / 100,
      ...parts.value,
      color_by: colorBy.trim() || null,
    };
    void commands.run(() =>
      format
        ? link.call("models.load_file", { ...file, loader: format.loader, options: fileOptions.read() })
        : link.call("models.load_circuit", isFile ? file : { ...file, ...options }),
    );
  };
  const ready = traits.status.value.state === "ready";
  return (
    <form class="bw-form" onSubmit={load}>
      <p class="bw-hint">{reason}</p>
      <Text
        name="Path"
        value={typed.value.path}
        required
        placeholder="as the renderer's machine sees it"
        maxLength={OPTIONS.path.maxLength}
        onInput={(path) => type({ path })}
      />
      {format?.reason && <p class="bw-problem">{format.reason}</p>}
      {format && <FileFields options={fileOptions} />}
      {!isFile && (
        <>
          <Text
            name="Population"
            value={population}
            required
            maxLength={OPTIONS.population.maxLength}
            onInput={(population) => type({ population })}
          />
          <Text
            name="Node set"
            value={nodeSet}
            placeholder="all cells"
            maxLength={OPTIONS.node_sets.maxLength}
            onInput={(nodeSet) => type({ nodeSet })}
          />
          <Field name="Share %">
            {(id) => (
              <input
                id={id}
                type="number"
                required
                min={0.0001}
                max={100}
                step="any"
                value={percent}
                onInput={(event) => type({ percent: event.currentTarget.value })}
              />
            )}
          </Field>
          <Parts
            choices={parts.value}
            onChange={(changes) => {
              parts.value = { ...parts.value, ...changes };
            }}
          />
          <Text
            name="Color by"
            value={colorBy}
            placeholder="one color"
            maxLength={OPTIONS.color_by.maxLength}
            onInput={(colorBy) => type({ colorBy })}
          />
        </>
      )}
      <div class="bw-actions">
        <Button primary disabled={commands.busy.value || !ready || Boolean(format?.reason)}>
          Load
        </Button>
      </div>
      <Problem of={commands} />
    </form>
  );
}
