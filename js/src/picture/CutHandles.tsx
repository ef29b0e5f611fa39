// Planes and boxes that cut, in the picture: their outlines, and grips that move planes and sides of boxes.
import { useView } from "../context.js";
import type { Vec3 } from "../contract.js";
import { add, dot, length, scale, subtract } from "./camera.js";
import { boxIn, dragged, namesOf, type Plane, planeIn } from "./cuts.js";
import { type Box, corners } from "./framing.js";
import { Grip, pathThrough } from "./Grip.js";
import type { Picture } from "./picture.js";
import type { Point } from "./places.js";
import { crossSection, middleOf, reachOf } from "./slab.js";

const AXES: readonly (readonly [axis: 0 | 1 | 2, name: string, along: Vec3])[] = [
  [0, "x", [1, 0, 0]],
  [1, "y", [0, 1, 0]],
  [2, "z", [0, 0, 1]],
];
/** Shares of what is there by which Page up and Page down move them. */
const STEP = 0.05;
/** CSS pixels: grips that are nearer to one another cannot be told apart. */
const TOGETHER = 26;

interface HandleProps {
  readonly name: string;
  readonly place: number;
  /** Around what is there. */
  readonly around: Box;
}

export function CutHandles() {
  const { picture } = useView();
  const { cuts, slab } = picture;
  const around = slab.box;
  if (!cuts.handled.value || !around) {
    return null;
  }
  const shown = cuts.shown.value;
  const names = namesOf(shown);
  return (
    <div class="bw-handles">
      {shown.map(({ visible, cut }, place) => {
        const [plane, box] = visible ? [planeIn(cut), boxIn(cut)] : [];
        const handle = { name: names[place] ?? "", place, around };
        return plane ? (
          <PlaneHandle key={handle.name} {...handle} plane={plane} />
        ) : (
          box && <BoxHandle key={handle.name} {...handle} box={box} />
        );
      })}
    </div>
  );
}

function PlaneHandle({ name, place, around, plane }: HandleProps & { readonly plane: Plane }) {
  const { picture } = useView();
  const { normal, position } = plane;
  if (!length(normal)) {
    return null;
  }
  const outline = crossSection(around, normal, position);
  const reach = reachOf(around, normal);
  const middle = middleOf(around);
  return (
    <>
      <Outlines of={[outline]} />
      <Grip
        label={`Position of ${name}`}
        title={`Drag ${name} along its normal, or use the arrows`}
        at={outline.length > 0 ? middleOf(outline) : add(middle, scale(normal, position - dot(normal, middle)))}
        axis={normal}
        value={position}
        reach={reach}
        step={STEP * (reach[1] - reach[0])}
        onMove={(wanted) => picture.cuts.move(place, { position: wanted })}
      />
    </>
  );
}

interface Side {
  readonly axis: 0 | 1 | 2;
  readonly letter: string;
  readonly along: Vec3;
  readonly end: 0 | 1;
  /** The middle of the side. */
  readonly at: Vec3;
}

function BoxHandle({ name, place, around, box }: HandleProps & { readonly box: Box }) {
  const { picture, traits } = useView();
  const sides = sidesOf(box);
  const shown = apart(sides, traits.camera.value.position, picture);
  const step = STEP * length(subtract(around[1], around[0]));
  return (
    <>
      <Outlines of={edgesOf(box)} />
      {sides.map(({ axis, letter, along, end, at }, index) => (
        <Grip
          key={`${letter}${end}`}
          hidden={!shown.has(index)}
          label={`${end ? "Upper" : "Lower"} ${letter} of ${name}`}
          title={`Drag this side of ${name}; with Shift, the whole`}
          at={at}
          axis={along}
          value={box[end][axis]}
          reach={[around[0][axis], around[1][axis]]}
          step={step}
          onMove={(wanted, shift) => {
            const [low, high] = dragged(box, axis, end, wanted, shift);
            picture.cuts.move(place, { low: [...low], high: [...high] });
          }}
        />
      ))}
    </>
  );
}

function sidesOf(box: Box): readonly Side[] {
  const middle = middleOf(box);
  return AXES.flatMap(([axis, letter, along]) =>
    ([0, 1] as const).map((end) => {
      const at = add(middle, scale(along, box[end][axis] - middle[axis]));
      return { axis, letter, along, end, at };
    }),
  );
}

/** The numbers of sides whose grips can be told apart; of those that cannot, of the nearest to the eye. */
function apart(sides: readonly Side[], eye: Vec3, picture: Picture): ReadonlySet<number> {
  const kept = new Map<number, Point>();
  const seen = sides.map(({ at }, index) => ({ index, away: length(subtract(at, eye)), point: picture.pointOf(at) }));
  for (const { index, point } of seen.sort((a, b) => a.away - b.away)) {
    if (point && [...kept.values()].every((other) => picture.between(point, other) >= TOGETHER)) {
      kept.set(index, point);
    }
  }
  return new Set(kept.keys());
}

function Outlines({ of }: { readonly of: readonly (readonly Vec3[])[] }) {
  const { picture } = useView();
  return (
    <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
      <path d={of.map((points) => pathThrough(points, (point) => picture.pointOf(point))).join("")} />
    </svg>
  );
}

/** The twelve edges of a box. */
function edgesOf(box: Box): readonly (readonly Vec3[])[] {
  const all = corners(box);
  return all.flatMap((from, index) =>
    all
      .slice(index + 1)
      .filter((to) => from.filter((value, axis) => value !== to[axis]).length === 1)
      .map((to) => [from, to]),
  );
}
