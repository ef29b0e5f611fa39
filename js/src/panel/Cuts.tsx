// Planes, boxes and other shapes that cut parts away: add, switch, invert, place and remove them.
import { useView } from "../context.js";
import type { Calls, PartState, Vec3 } from "../contract.js";
import type { Commands } from "../kernel/calls.js";
import { subtract } from "../picture/camera.js";
import { boxIn, type Plane as FlatCut, namesOf, planeIn } from "../picture/cuts.js";
import type { Box as Corners } from "../picture/framing.js";
import { Button, IconButton } from "../ui/Button.js";
import { NumberInput } from "../ui/NumberInput.js";

type Changes = Omit<Calls["clipping.change"]["params"], "id">;

const AXES: Readonly<Record<string, Vec3>> = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };

interface CutsProps {
  readonly commands: Commands;
}

export function Cuts({ commands }: CutsProps) {
  const { link, picture } = useView();
  const cuts = picture.cuts.shown.value;
  const names = namesOf(cuts);
  const busy = commands.busy.value;
  const add = (kind: "plane" | "box") => void commands.run(() => link.call("clipping.add_kind", { kind }));
  return (
    <div class="bw-cuts">
      <div class="bw-acts">
        <Button disabled={busy} onClick={() => add("plane")}>
          Add plane
        </Button>
        <Button disabled={busy} onClick={() => add("box")}>
          Add box
        </Button>
      </div>
      <ul aria-label="What cuts" hidden={cuts.length === 0}>
        {cuts.map((cut, place) => (
          // By its place, which stays, while its id is another one after a change.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <Cut key={place} cut={cut} name={names[place] ?? ""} commands={commands} />
        ))}
      </ul>
    </div>
  );
}

interface CutProps extends CutsProps {
  readonly cut: PartState;
  readonly name: string;
}

function Cut({ cut: { id, visible, cut }, name, commands }: CutProps) {
  const { link } = useView();
  const busy = commands.busy.value;
  const change = (changes: Changes) => void commands.run(() => link.call("clipping.change", { id, ...changes }));
  const [plane, box] = [planeIn(cut), boxIn(cut)];
  return (
    <li>
      <div class="bw-cut-head">
        <label class="bw-check" title={cut ? name : "Others have added it, so that only this can be changed"}>
          <input
            type="checkbox"
            checked={visible}
            disabled={busy}
            onChange={({ currentTarget }) => change({ visible: currentTarget.checked })}
          />
          <span>{name}</span>
        </label>
        {cut && (
          <label class="bw-check" title="Cut away the other side">
            <input
              type="checkbox"
              aria-label={`Invert ${name}`}
              checked={cut.invert}
              disabled={busy}
              onChange={({ currentTarget }) => change({ invert: currentTarget.checked })}
            />
            Inverted
          </label>
        )}
        <IconButton
          icon="close"
          label={`Remove ${name}`}
          title="Remove"
          disabled={busy}
          onClick={() => void commands.run(() => link.call("clipping.remove", { id }))}
        />
      </div>
      {plane && <Plane {...{ name, busy, change }} of={plane} />}
      {box && <Box {...{ name, busy, change }} of={box} />}
    </li>
  );
}

interface ShapeProps<T> {
  readonly name: string;
  readonly busy: boolean;
  readonly change: (changes: Changes) => void;
  readonly of: T;
}

function Plane({ name, busy, change, of: { normal, position } }: ShapeProps<FlatCut>) {
  const { camera } = useView().traits;
  const axis = Object.keys(AXES).find((one) => AXES[one]?.every((part, index) => part === normal[index]));
  const choose = (name: string) => {
    const eye = camera.peek();
    change({ normal: [...(AXES[name] ?? subtract(eye.target, eye.position))] });
  };
  return (
    <div class="bw-cut-numbers bw-cut-plane">
      <select
        aria-label={`Axis of ${name}`}
        value={axis ?? "own"}
        disabled={busy}
        onChange={({ currentTarget }) => choose(currentTarget.value)}
      >
        {Object.keys(AXES).map((one) => (
          <option key={one} value={one}>
            Across {one}
          </option>
        ))}
        <option value="view">Across the view</option>
        {!axis && <option value="own">{normal.map((part) => part.toFixed(2)).join(", ")}</option>}
      </select>
      <NumberInput
        label={`Position of ${name}, µm`}
        title="Position, µm"
        value={position}
        disabled={busy}
        onChoose={(chosen) => change({ position: chosen })}
      />
      <span aria-hidden="true">µm</span>
    </div>
  );
}

function Box({ name, busy, change, of: [lowest, highest] }: ShapeProps<Corners>) {
  return (
    <div class="bw-cut-numbers bw-cut-box">
      {(["low", "high"] as const).map((end) => {
        const corner = end === "low" ? lowest : highest;
        return (
          <fieldset key={end} aria-label={`${end === "low" ? "Lower" : "Upper"} corner of ${name}, µm`}>
            <span aria-hidden="true">{end === "low" ? "From" : "To"}</span>
            {corner.map((value, index) => {
              const axis = "xyz"[index] ?? "";
              return (
                <NumberInput
                  key={axis}
                  label={`${end === "low" ? "Lower" : "Upper"} ${axis} of ${name}, µm`}
                  title={`${axis}, µm`}
                  value={value}
                  digits={4} // more do not fit
                  disabled={busy}
                  {...(end === "high" ? { above: lowest[index] ?? 0 } : { below: highest[index] ?? 0 })}
                  onChoose={(chosen) => {
                    const [x, y, z] = corner.map((other, place) => (place === index ? chosen : other));
                    change({ [end]: [x, y, z] });
                  }}
                />
              );
            })}
          </fieldset>
        );
      })}
    </div>
  );
}
