// What unfolds below a model: material, opacity, thickness and place, and what is done to it as a whole.
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useView } from "../context.js";
import { type Calls, type MaterialKind, type ModelState, PARAMETERS } from "../contract.js";
import { Button } from "../ui/Button.js";
import { Field } from "../ui/Field.js";
import { NumberInput } from "../ui/NumberInput.js";
import type { Ids } from "./chosen.js";
import { SchemaFields } from "./FileForm.js";
import { ModelColors, type Options } from "./ModelColors.js";
import { type Entered, fieldsOf, labelOf, parametersOf } from "./schema.js";

type MaterialName = Calls["model.set_material"]["params"]["material"];

const AXES = ["x", "y", "z"] as const;
/** What the interactive renderer draws as if it were matte. */
const PRODUCED = new Set(["carpaint", "glass", "metal", "principled"]);
/** Numbers of options that need no unfolding. */
const FEW = 3;

interface ModelDetailsProps {
  /** With what the kernel has not confirmed yet. */
  readonly entry: ModelState;
  /** The model's name, and which one it is if others have it, too. */
  readonly called: string;
  /** The models that an action is about. */
  readonly several: readonly ModelState[];
  readonly kinds: readonly MaterialKind[];
  readonly busy: boolean;
  readonly run: (changes: Partial<ModelState>, call: (id: Ids) => Promise<unknown>) => void;
  /** Colors by the same values once more, with other options; null if what they are is not known here. */
  readonly onPaint: ((options: Options) => void) | null;
  readonly onRename: () => void;
  readonly onRemove: () => void;
}

export function ModelDetails(props: ModelDetailsProps) {
  const { entry, called, several, kinds, busy, run, onPaint, onRename, onRemove } = props;
  const { link } = useView();
  const { placement, thickness } = entry;
  const place = (part: "move" | "turn", axis: number, value: number) => {
    const changed = placement[part].map((n, at) => (at === axis ? value : n));
    // Of several models each keeps its other numbers.
    const [x = null, y = null, z = null] = changed.map((n, at) => (several.length > 1 && at !== axis ? null : n));
    run({ placement: { ...placement, [part]: changed as never } }, (own) =>
      link.call(`model.${part}`, { id: own, x, y, z }),
    );
  };
  const scale = placement.scale[0];
  const isUniform = placement.scale.every((factor) => factor === scale);
  const isPutBack = [...placement.move, ...placement.turn].every((n) => n === 0) && isUniform && scale === 1;
  return (
    <div class="bw-details">
      {onPaint && <ModelColors entry={entry} busy={busy} onPaint={onPaint} />}
      <Material entry={entry} kinds={kinds} busy={busy} run={run} />
      <Opacity entry={entry} busy={busy} run={run} />
      <Field name="Thickness">
        {(id) => (
          <NumberInput
            id={id}
            value={thickness ?? 1}
            {...PARAMETERS["model.update"].thickness}
            title={thickness === null ? "It has no radii." : "Times the radii that it was loaded with"}
            disabled={busy || thickness === null}
            onChoose={(chosen) =>
              run({ thickness: chosen }, (own) => link.call("model.update", { id: own, thickness: chosen }))
            }
          />
        )}
      </Field>
      {(["move", "turn"] as const).map((part) => (
        <fieldset key={part} class="bw-axes">
          <legend>{part === "move" ? "Move (µm)" : "Turn (°)"}</legend>
          {AXES.map((axis, at) => (
            <NumberInput
              key={axis}
              label={`${part === "move" ? "Move" : "Turn"} ${called}, ${axis}`}
              title={part === "move" ? `Along the ${axis} axis` : `About the ${axis} axis, through its center`}
              value={placement[part][at] ?? 0}
              disabled={busy}
              onChoose={(value) => place(part, at, value)}
            />
          ))}
        </fieldset>
      ))}
      <Field name="Scale">
        {(id) => (
          <div class="bw-acts">
            <NumberInput
              id={id}
              value={scale}
              {...PARAMETERS["model.scale"].factor}
              title={isUniform ? "About its center" : `${placement.scale.join(" × ")} along x, y and z`}
              disabled={busy}
              onChoose={(factor) =>
                run({ placement: { ...placement, scale: [factor, factor, factor] } }, (own) =>
                  link.call("model.scale", { id: own, factor }),
                )
              }
            />
            <Button
              title="Where it was loaded: not moved, turned or scaled"
              disabled={busy || isPutBack}
              onClick={() => run({}, (own) => link.call("model.put_back", { id: own }))}
            >
              Put back
            </Button>
          </div>
        )}
      </Field>
      <div class="bw-acts">
        <Button label={`Rename ${called}`} title="Double click on the name, or F2" disabled={busy} onClick={onRename}>
          Rename
        </Button>
        <Button
          label={`Copy ${called}`}
          title="Load it once more, with a color of its own"
          disabled={busy}
          onClick={() => run({}, (own) => link.call("model.copy", { id: own }))}
        >
          Copy
        </Button>
        <Button label={`Remove ${called}`} title="Delete" disabled={busy} onClick={onRemove}>
          {several.length > 1 ? `Remove ${several.length}` : "Remove"}
        </Button>
      </div>
    </div>
  );
}

type PartProps = Pick<ModelDetailsProps, "entry" | "kinds" | "busy" | "run">;

function Material({ entry, kinds, busy, run }: PartProps) {
  const { link } = useView();
  const { material, material_options: options } = entry;
  const known = JSON.stringify([material, options]);
  const kind = kinds.find(({ name }) => name === material);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed stays while the model has the same material
  const form = useMemo(() => {
    const { fields, left } = fieldsOf(kind?.options ?? {}, options);
    const own = fields.filter(({ path }) => path[0] !== "opacity");
    return { fields: { fields: own, left }, values: signal<Entered>({}) };
  }, [kind, known]);
  if (material === null) {
    return <p class="bw-hint">It has no surface, so no material.</p>;
  }
  const cover = (name: MaterialName, changed: Record<string, unknown> | null) =>
    run({ material: name }, (own) => link.call("model.set_material", { id: own, material: name, options: changed }));
  const confirm = (event: Event) => {
    if ((event.target as HTMLInputElement).validity.valid) {
      const own = parametersOf(form.fields.fields, form.values.value);
      cover(material as MaterialName, { ...opacityOf(options), ...own });
    }
  };
  const fields = (
    // Controls tell each key; this hears of what is confirmed.
    <fieldset disabled={busy} onChange={confirm}>
      <SchemaFields fields={form.fields} values={form.values} />
    </fieldset>
  );
  const count = form.fields.fields.length;
  return (
    <>
      <Field name="Material">
        {(id) => (
          <select
            id={id}
            value={material}
            disabled={busy}
            onChange={({ currentTarget: { value } }) => cover(value as MaterialName, null)}
          >
            {kinds.length === 0 && <option value={material}>{labelOf(material)}</option>}
            {kinds.map(({ name, reason }) => (
              <option key={name} value={name} disabled={reason !== "" && name !== material} title={reason}>
                {labelOf(name)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {PRODUCED.has(material) && (
        <p class="bw-hint">Only the production renderer shows it; the interactive one draws it matte and opaque.</p>
      )}
      {count > FEW ? (
        <details class="bw-more">
          <summary>{`${count} options of the material`}</summary>
          {fields}
        </details>
      ) : (
        count > 0 && fields
      )}
    </>
  );
}

function Opacity({ entry, busy, run }: Omit<PartProps, "kinds">) {
  const { link } = useView();
  const { opacity } = opacityOf(entry.material_options);
  const without = opacity === undefined;
  const percent = Math.round((opacity ?? 1) * 100);
  const reason = without ? `${labelOf(entry.material ?? "a model without a surface")} has no opacity.` : "";
  return (
    <Field name="Opacity">
      {(id) => (
        <div class="bw-slider" title={reason}>
          <input
            type="range"
            id={id}
            min="0"
            max="100"
            aria-valuetext={reason || `${percent} %`}
            value={percent}
            disabled={busy || without}
            onChange={({ currentTarget }) => {
              const chosen = currentTarget.valueAsNumber / 100;
              run({ material_options: { ...entry.material_options, opacity: chosen } }, (own) =>
                link.call("model.update", { id: own, opacity: chosen }),
              );
            }}
          />
          <span>{without ? "none" : `${percent} %`}</span>
        </div>
      )}
    </Field>
  );
}

function opacityOf({ opacity }: ModelState["material_options"]): { readonly opacity?: number } {
  return typeof opacity === "number" ? { opacity } : {};
}
