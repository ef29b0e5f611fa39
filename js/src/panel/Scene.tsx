// The camera, and what tells its scale.
import { useView } from "../context.js";
import type { Camera } from "../contract.js";
import { publish } from "../kernel/traits.js";
import { project, visibleHeight } from "../picture/camera.js";
import { SIDES, type Side } from "../picture/framing.js";
import { Button } from "../ui/Button.js";
import { Field } from "../ui/Field.js";
import { Percent } from "../ui/Percent.js";
import { Views } from "./Views.js";

export function Scene() {
  return (
    <div>
      <Sides />
      <Projection />
      <Lens />
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
  const choose = (type: Camera["type"]) => {
    picture.pilot.steer((camera) => project(camera, type));
    picture.pilot.rest();
  };
  return (
    <Field name="Projection">
      {(id) => (
        <select
          id={id}
          value={traits.camera.value.type}
          onChange={({ currentTarget }) => choose(currentTarget.value as Camera["type"])}
        >
          <option value="perspective">Perspective</option>
          <option value="orthographic">Orthographic</option>
          <option value="cylindric" title="Half a turn from left to right">
            Cylindric
          </option>
        </select>
      )}
    </Field>
  );
}

/** The widest lens, as a share of what is seen at the target. */
const WIDEST = 0.05;

/** How much what is before or behind the target is blurred. */
function Lens() {
  const { picture, traits } = useView();
  const camera = traits.camera.value;
  return (
    <Percent
      name="Depth blur"
      value={camera.type === "perspective" ? camera.aperture / (WIDEST * visibleHeight(camera)) : null}
      reason="Only a perspective camera has a lens"
      title="How much what is before or behind the target is blurred"
      disabled={false}
      onChoose={(share) => {
        picture.pilot.steer((now) => ({ ...now, aperture: share * WIDEST * visibleHeight(now) }));
        picture.pilot.rest();
      }}
    />
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
