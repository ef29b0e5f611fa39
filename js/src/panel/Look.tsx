// The look of the picture: presets of all of it, the background and the fog.
import { useView } from "../context.js";
import type { Commands } from "../kernel/calls.js";
import { publish } from "../kernel/traits.js";
import { Button } from "../ui/Button.js";
import { ColorInput } from "../ui/ColorInput.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { Problem } from "../ui/Problem.js";

/** As a person reads them, with what they are for. */
const PRESETS = [
  ["readable", "Readable", "Dark, with fog, as at first"],
  ["paper", "Paper", "White and soft, for print"],
  ["stage", "Stage", "Black, lit from behind"],
  ["flat", "Flat", "The colors of the legend, without shadows and fog"],
] as const;

export function Look() {
  const commands = useCommands();
  return (
    <div>
      <Presets commands={commands} />
      <Background />
      <Fog commands={commands} />
      <Problem of={commands} />
    </div>
  );
}

function Presets({ commands }: { readonly commands: Commands }) {
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
  return (
    <Field name="Background">
      {(id) => (
        <ColorInput id={id} color={traits.background.value} onChoose={(color) => publish(model, "background", color)} />
      )}
    </Field>
  );
}

function Fog({ commands }: { readonly commands: Commands }) {
  const { link, traits } = useView();
  const fog = traits.fog.value;
  const percent = Math.round((fog ?? 0) * 100);
  const reason = fog === null ? "This renderer has no fog." : "";
  return (
    <Field name="Fog">
      {(id) => (
        <div class="bw-slider" title={reason || "How far surfaces fade at the far end of the scene"}>
          <input
            type="range"
            id={id}
            min="0"
            max="100"
            aria-valuetext={reason || `${percent} %`}
            value={percent}
            disabled={commands.busy.value || fog === null}
            onChange={({ currentTarget }) => {
              const strength = currentTarget.valueAsNumber / 100;
              void commands.run(() => link.call("rendering.set_fog", { strength }));
            }}
          />
          <span>{fog === null ? "none" : `${percent} %`}</span>
        </div>
      )}
    </Field>
  );
}
