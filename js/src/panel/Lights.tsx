// The lights: switch, color, strengthen, remove and add them.
import { useSignal } from "@preact/signals";
import { useView } from "../context.js";
import type { PartState } from "../contract.js";
import type { Commands } from "../kernel/calls.js";
import { Button, IconButton } from "../ui/Button.js";
import { ColorInput } from "../ui/ColorInput.js";
import { Field } from "../ui/Field.js";
import { NumberInput } from "../ui/NumberInput.js";

type Kind = NonNullable<PartState["lit"]>["kind"];

/** In the order of the list, as a person reads them, with the unit of the intensity. */
const KINDS: Readonly<Record<Kind, readonly [name: string, unit: string]>> = {
  ambient: ["Ambient", "Radiance"],
  directional: ["Directional", "Irradiance"],
  camera: ["Follows camera", "Irradiance"],
  sphere: ["Sphere", "W/sr"],
  quad: ["Quad", "W/sr/m²"],
};
const ORDER = Object.keys(KINDS) as Kind[];

interface LightsProps {
  readonly commands: Commands;
}

export function Lights({ commands }: LightsProps) {
  const { link, traits } = useView();
  const kind = useSignal<Kind>("camera");
  const placeOf = ({ lit }: PartState) => (lit ? ORDER.indexOf(lit.kind) : ORDER.length);
  // By kind and id, so that a light that was changed, which another one stands for, stays where it was.
  const lights = [...traits.lights.value].sort((a, b) => placeOf(a) - placeOf(b) || a.id - b.id);
  return (
    <fieldset class="bw-lighting">
      <legend>Lights</legend>
      {lights.length === 0 && <p class="bw-hint">There is no light.</p>}
      <ul class="bw-lights" aria-label="Lights" hidden={lights.length === 0}>
        {lights.map((light) => (
          <Light key={light.id} light={light} name={nameOf(light, lights)} commands={commands} />
        ))}
      </ul>
      <Field name="Add light">
        {(id) => (
          <div class="bw-acts">
            <select
              id={id}
              value={kind.value}
              onChange={({ currentTarget }) => {
                kind.value = ORDER[currentTarget.selectedIndex] ?? "camera";
              }}
            >
              {ORDER.map((one) => (
                <option key={one} value={one}>
                  {KINDS[one][0]}
                </option>
              ))}
            </select>
            <Button
              disabled={commands.busy.value}
              onClick={() => void commands.run(() => link.call("lights.add_kind", { kind: kind.value }))}
            >
              Add
            </Button>
          </div>
        )}
      </Field>
    </fieldset>
  );
}

/** The kind of a light, with its number if there are several. */
function nameOf(light: PartState, all: readonly PartState[]): string {
  const same = all.filter(({ lit }) => lit?.kind === light.lit?.kind);
  const name = light.lit ? KINDS[light.lit.kind][0] : "Added elsewhere";
  return same.length > 1 ? `${name} ${same.indexOf(light) + 1}` : name;
}

interface LightProps extends LightsProps {
  readonly light: PartState;
  readonly name: string;
}

function Light({ light: { id, visible, lit }, name, commands }: LightProps) {
  const { link } = useView();
  const busy = commands.busy.value;
  const change = (changes: { visible?: boolean; color?: string; intensity?: number }) =>
    void commands.run(() => link.call("lights.change", { id, ...changes }));
  return (
    <li>
      <label class="bw-check" title={lit ? name : "Others have added this light, so that it cannot be changed"}>
        <input
          type="checkbox"
          checked={visible}
          disabled={busy}
          onChange={({ currentTarget }) => change({ visible: currentTarget.checked })}
        />
        <span>{name}</span>
      </label>
      {lit && (
        <>
          <ColorInput
            color={lit.color}
            label={`Color of ${name}`}
            disabled={busy}
            onChoose={(color) => change({ color })}
          />
          <NumberInput
            value={lit.intensity}
            label={`Intensity of ${name}`}
            title={KINDS[lit.kind][1]}
            disabled={busy}
            above={-Number.MIN_VALUE}
            digits={4}
            onChoose={(intensity) => change({ intensity })}
          />
        </>
      )}
      <IconButton
        icon="close"
        label={`Remove ${name}`}
        title="Remove"
        disabled={busy}
        onClick={() => void commands.run(() => link.call("lights.remove", { id }))}
      />
    </li>
  );
}
