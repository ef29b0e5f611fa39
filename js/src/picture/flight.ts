// The way from one camera to another.
import type { Camera, Vec3 } from "../contract.js";
import { add, basis, cross, dot, length, project, rotate, scale, subtract, visibleHeight } from "./camera.js";

/** Below this sine of an angle its axis cannot be told from the cross products. */
const FLAT = 1e-4;

/** The cameras between two: `way(0)` shows what the first one shows, `way(1)` is the second one. */
export function flight(start: Camera, end: Camera): (share: number) => Camera {
  const from = project(start, end.type);
  const [first, last] = [basis(from), basis(end)];
  const turn = turning(first, last);
  const between = (a: number, b: number, share: number) => a + (b - a) * share;
  const sizes = Math.log(visibleHeight(end) / Math.max(visibleHeight(from), Number.MIN_VALUE));
  const distances = Math.log(last.distance / first.distance);
  return (share) => {
    if (share >= 1) {
      return end;
    }
    const eased = share * share * (3 - 2 * share);
    // The target moves as fast on the screen at any size.
    const moved = Math.abs(sizes) < 1e-3 ? eased : Math.expm1(sizes * eased) / Math.expm1(sizes);
    const target = add(from.target, scale(subtract(end.target, from.target), moved));
    const back = rotate(first.back, turn.axis, turn.angle * eased);
    return {
      ...end,
      target,
      position: add(target, scale(back, first.distance * Math.exp(distances * eased))),
      up: rotate(first.top, turn.axis, turn.angle * eased),
      fovy: between(from.fovy, end.fovy, eased),
      height: from.height * (end.height / from.height) ** eased,
    };
  };
}

type Axes = Pick<ReturnType<typeof basis>, "right" | "top" | "back">;

/** The one turn that takes three perpendicular directions to three others. */
function turning(from: Axes, to: Axes): { readonly axis: Vec3; readonly angle: number } {
  const pairs = [
    [from.right, to.right],
    [from.top, to.top],
    [from.back, to.back],
  ] as const;
  const cosine = (pairs.reduce((sum, [a, b]) => sum + dot(a, b), 0) - 1) / 2;
  const twice = pairs.reduce<Vec3>((sum, [a, b]) => add(sum, cross(a, b)), [0, 0, 0]);
  const sine = length(twice) / 2;
  if (sine > FLAT) {
    return { axis: scale(twice, 0.5 / sine), angle: Math.atan2(sine, cosine) };
  }
  if (cosine > 0) {
    return { axis: from.top, angle: 0 };
  }
  // Half a turn: each direction and its image lie on both sides of the axis.
  const sums = pairs.map(([a, b]) => add(a, b)).sort((a, b) => length(b) - length(a));
  const longest = sums[0] ?? from.top;
  return { axis: scale(longest, 1 / length(longest)), angle: Math.PI };
}
