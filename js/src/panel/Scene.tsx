// Settings of the whole picture: the camera and the background.
import { useView } from "../context.js";
import { publish } from "../kernel/traits.js";
import { project } from "../picture/camera.js";
import { ColorInput } from "../ui/ColorInput.js";
import { Field } from "../ui/Field.js";

export function Scene() {
  return (
    <div>
      <Projection />
      <Background />
    </div>
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
