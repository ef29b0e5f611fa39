// Planes, boxes and other shapes that cut parts away: add, switch, invert, place and remove them.
import { useView } from "../context.js";
import type { Calls, PartState, Vec3 } from "../contract.js";
import type { Commands } from "../kernel/calls.js";
import { length, scale, subtract } from "../picture/camera.js";
import { Button, IconButton } from "../ui/Button.js";
import { NumberInput } from "../ui/NumberInput.js";

type CutState = NonNullable<PartState["cut"]>;
type Changes = Omit<Calls["clipping.change"]["params"], "id">;

/** What one is called, and several of a kind are. */
const KINDS: Readonly<Record<CutState["kind"], readonly [one: string, several: string]>> = {
  planes: ["Plane", "planes"],
  "bounded-planes": ["Bounded plane", "bounded planes"],
  boxes: ["Box", "boxes"],
  spheres: ["Sphere", "spheres"],
  capsules: ["Capsule", "capsules"],
};

const AXES: Readonly<Record<string, Vec3>> = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };

interface CutsProps {
  readonly commands: Commands;
}

export function Cuts({ commands }: CutsProps) {
  const { link, traits } = useView();
  const cuts = traits.clipping.value;
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
          <Cut key={place} cut={cut} name={nameOf(place, cuts)} commands={commands} />
        ))}
      </ul>
    </div>
  );
}

/** What a part is, with its number if there are several of the kind. */
function nameOf(place: number, all: readonly PartState[]): string {
  const names = all.map(({ cut }) => {
    const [one, several] = cut ? KINDS[cut.kind] : ["Of others", ""];
    return cut && cut.shapes.length > 1 ? `${cut.shapes.length} ${several}` : one;
  });
  const name = names[place] ?? "";
  const same = names.flatMap((other, index) => (other === name ? [index] : []));
  return same.length > 1 ? `${name} ${same.indexOf(place) + 1}` : name;
}

interface CutProps extends CutsProps {
  readonly cut: PartState;
  readonly name: string;
}

function Cut({ cut: { id, visible, cut }, name, commands }: CutProps) {
  const { link } = useView();
  const busy = commands.busy.value;
  const change = (changes: Changes) => void commands.run(() => link.call("clipping.change", { id, ...changes }));
  const shape = cut?.shapes.length === 1 ? cut.shapes[0] : undefined;
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
      {cut?.kind === "planes" && shape && <Plane {...{ name, busy, change }} of={shape.coefficients as Coefficients} />}
      {cut?.kind === "boxes" && shape && <Box {...{ name, busy, change }} of={shape as unknown as Corners} />}
    </li>
  );
}

interface ShapeProps<T> {
  readonly name: string;
  readonly busy: boolean;
  readonly change: (changes: Changes) => void;
  readonly of: T;
}

type Coefficients = readonly [number, number, number, number];

function Plane({ name, busy, change, of: [a, b, c, d] }: ShapeProps<Coefficients>) {
  const { camera } = useView().traits;
  const size = length([a, b, c]) || 1;
  const normal = scale([a, b, c], 1 / size);
  const axis = Object.keys(AXES).find((one) => AXES[one]?.every((part, index) => part === normal[index]));
  const choose = (name: string) => {
    const { position, target } = camera.peek();
    change({ normal: [...(AXES[name] ?? subtract(target, position))] });
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
        value={d / size}
        disabled={busy}
        onChoose={(position) => change({ position })}
      />
      <span aria-hidden="true">µm</span>
    </div>
  );
}

interface Corners {
  readonly min: Vec3;
  readonly max: Vec3;
}

function Box({ name, busy, change, of }: ShapeProps<Corners>) {
  return (
    <div class="bw-cut-numbers bw-cut-box">
      {(["low", "high"] as const).map((end) => {
        const corner = end === "low" ? of.min : of.max;
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
                  disabled={busy}
                  {...(end === "high" ? { above: of.min[index] ?? 0 } : { below: of.max[index] ?? 0 })}
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
