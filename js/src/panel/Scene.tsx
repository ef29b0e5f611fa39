// The camera, and what tells its scale.
import { useView } from "../context.js";
import { publish } from "../kernel/traits.js";
import { project } from "../picture/camera.js";
import { SIDES, type Side } from "../picture/framing.js";
import { Button } from "../ui/Button.js";
import { Field } from "../ui/Field.js";
import { Views } from "./Views.js";

export function Scene() {
  return (
    <div>
      <Sides />
      <Projection />
      <ScaleBar />
      <Views />
    </div>
  );
}

const NAMES: Readonly<Record<Side, string>> = {
  front: "Front",
  back: "Back",
  left: "Left",
  right: "Right",
  top: "Top",
  bottom: "Bottom",
};

function Sides() {
  const { picture } = useView();
  return (
    <Field name="Look from">
      {(id) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
        <div id={id} class="bw-sides" role="group" aria-label="Look from">
          {SIDES.map((side, index) => (
            <Button
              key={side}
              label={`Look from the ${side}`}
              title={`Look from the ${side} (${index + 1})`}
              onClick={() => picture.lookFrom(side)}
            >
              {NAMES[side]}
            </Button>
          ))}
        </div>
      )}
    </Field>
  );
}

function Projection() {
  const { picture, traits } = useView();
  const choose = (name: string) => {
    const type = name === "orthographic" ? "orthographic" : "perspective";
    picture.pilot.steer((camera) => project(camera, type));
    picture.pilot.rest();
  };
  return (
    <Field name="Projection">
      {(id) => (
        <select id={id} value={traits.camera.value.type} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="perspective">Perspective</option>
          <option value="orthographic">Orthographic</option>
        </select>
      )}
    </Field>
  );
}

function ScaleBar() {
  const { model, traits } = useView();
  return (
    <label class="bw-check">
      <input
        type="checkbox"
        checked={traits.scale_bar.value}
        onChange={(event) => publish(model, "scale_bar", event.currentTarget.checked)}
      />
      Scale bar
    </label>
  );
}
