// The look of the picture: presets of all of it, the background, the fog, and behind "More" how surfaces are lit.
import { useView } from "../context.js";
import type { Commands } from "../kernel/calls.js";
import { publish } from "../kernel/traits.js";
import { Button } from "../ui/Button.js";
import { ColorInput, opaque } from "../ui/ColorInput.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { Percent } from "../ui/Percent.js";
import { Problem } from "../ui/Problem.js";
import { Lights } from "./Lights.js";

/** As a person reads them, with what they are for. */
const PRESETS = [
  ["readable", "Readable", "Dark, with fog, as at first"],
  ["paper", "Paper", "White and soft, for print"],
  ["stage", "Stage", "Black, lit from behind"],
  ["flat", "Flat", "The colors of the legend, without shadows and fog"],
] as const;

/** Rays of ambient occlusion for each sample, of which a picture at rest has 16. */
const OCCLUSION = [
  [0, "Off"],
  [1, "Usual"],
  [2, "Fine"],
  [4, "Finest"],
] as const;

export function Look() {
  const commands = useCommands();
  return (
    <div>
      <Presets commands={commands} />
      <Background />
      <Fog commands={commands} />
      <AtRest commands={commands} />
      <details class="bw-more-choices">
        <summary>More</summary>
        <div class="bw-form">
          <Outlines commands={commands} />
          <Occlusion commands={commands} />
          <Shadows commands={commands} />
          <Lights commands={commands} />
        </div>
      </details>
      <Problem of={commands} />
    </div>
  );
}

interface PartProps {
  readonly commands: Commands;
}

function Presets({ commands }: PartProps) {
  const { link } = useView();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a legend that is seen
    <div class="bw-presets" role="group" aria-label="Looks">
      {PRESETS.map(([name, text, title]) => (
        <Button
          key={name}
          title={title}
          disabled={commands.busy.value}
          onClick={() => void commands.run(() => link.call("rendering.use_preset", { name }))}
        >
          {text}
        </Button>
      ))}
    </div>
  );
}

function Background() {
  const { model, traits } = useView();
  const color = traits.background.value;
  const isClear = /^#......00$/.test(color);
  const choose = (chosen: string) => publish(model, "background", chosen);
  return (
    <Field name="Background">
      {(id) => (
        <div class="bw-ground">
          <ColorInput id={id} color={color} disabled={isClear} onChoose={choose} />
          <label class="bw-check" title="Saved pictures have no background; the view shows a checkerboard">
            <input
              type="checkbox"
              checked={isClear}
              onChange={({ currentTarget }) => choose(opaque(color) + (currentTarget.checked ? "00" : ""))}
            />
            Transparent
          </label>
        </div>
      )}
    </Field>
  );
}

function Fog({ commands }: PartProps) {
  const { link, traits } = useView();
  return (
    <Percent
      name="Fog"
      value={traits.fog.value}
      reason="This renderer has no fog."
      title="How far surfaces fade at the far end of the scene"
      disabled={commands.busy.value}
      onChoose={(strength) => void commands.run(() => link.call("rendering.set_fog", { strength }))}
    />
  );
}

function AtRest({ commands }: PartProps) {
  const { link, traits } = useView();
  const chosen = traits.shading.value.at_rest;
  const choose = (renderer: string) => {
    const name = renderer === "path tracer" ? renderer : "interactive";
    void commands.run(() => link.call("rendering.set_at_rest", { renderer: name }));
  };
  return (
    <Field name="At rest">
      {(id) => (
        <select
          id={id}
          title={
            chosen === null
              ? "This renderer has no path tracer for views."
              : "What draws the view when the camera rests; the path tracer takes some seconds"
          }
          disabled={commands.busy.value || chosen === null}
          value={chosen ?? "interactive"}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
        >
          <option value="interactive">Interactive</option>
          <option value="path tracer">Path tracer</option>
        </select>
      )}
    </Field>
  );
}

function Outlines({ commands }: PartProps) {
  const { link, traits } = useView();
  return (
    <Percent
      name="Outlines"
      value={traits.shading.value.outlines}
      reason="This renderer has no outlines."
      title="How dark the lines are around what stands in front of something"
      disabled={commands.busy.value}
      onChoose={(strength) => void commands.run(() => link.call("rendering.set_outlines", { strength }))}
    />
  );
}

function Occlusion({ commands }: PartProps) {
  const { link, traits } = useView();
  const rays = traits.shading.value.ambient_occlusion;
  const known = OCCLUSION.some(([number]) => number === rays);
  return (
    <Field name="Occlusion">
      {(id) => (
        <select
          id={id}
          title="Darkens what lies deep in the scene, when the camera rests"
          disabled={commands.busy.value}
          value={rays}
          onChange={({ currentTarget }) => {
            const chosen = Number(currentTarget.value);
            void commands.run(() => link.call("rendering.set_ambient_occlusion", { rays: chosen }));
          }}
        >
          {OCCLUSION.map(([number, text]) => (
            <option key={number} value={number}>
              {text}
            </option>
          ))}
          {!known && <option value={rays}>{`${rays} rays`}</option>}
        </select>
      )}
    </Field>
  );
}

function Shadows({ commands }: PartProps) {
  const { link, traits } = useView();
  return (
    <label class="bw-check">
      <input
        type="checkbox"
        checked={traits.shading.value.shadows}
        disabled={commands.busy.value}
        onChange={({ currentTarget }) => {
          const shadows = currentTarget.checked;
          void commands.run(() => link.call("rendering.set_shadows", { shadows }));
        }}
      />
      Shadows
    </label>
  );
}
