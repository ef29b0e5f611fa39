// The camera.
import { useView } from "../context.js";
import { project } from "../picture/camera.js";
import { Field } from "../ui/Field.js";

export function Scene() {
  return (
    <div>
      <Projection />
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
