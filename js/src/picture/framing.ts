// Cameras that show a box, and how far they may zoom. `Camera.framing` and `seen_from` in Python do the same.
import type { Camera, ModelState, Vec3 } from "../contract.js";
import { add, basis, dot, length, type Range, scale, subtract } from "./camera.js";

/** Lower and upper corner, in µm. */
export type Box = readonly [low: Vec3, high: Vec3];

/** Sides from which one can look, in the order of their keys, 1 to 6. */
export const SIDES = ["front", "back", "left", "right", "top", "bottom"] as const;
export type Side = (typeof SIDES)[number];

/** Margin around a box, as a factor of its size. */
const MARGIN = 1.04;
const SMALLEST_UM = 1;
/** Above and below, the eye stands that far (radians) beside the y axis: so y can stay up. */
const TILT = 1e-3;
const DIRECTIONS: Readonly<Record<Side, Vec3>> = {
  front: [0, 0, 1],
  back: [0, 0, -1],
  left: [-1, 0, 0],
  right: [1, 0, 0],
  top: [0, Math.cos(TILT), Math.sin(TILT)],
  bottom: [0, -Math.cos(TILT), Math.sin(TILT)],
};
/** The least and the most that can be seen, in diagonals of all that is there: a branch's width, and a small thing. */
const LEAST = 1e-4;
const MOST = 5;

/** The box around all visible models, or null without any. */
export function boxOf(models: readonly ModelState[]): Box | null {
  const boxes = models.flatMap(({ visible, bounds }) => (visible && bounds ? [bounds] : []));
  if (boxes.length === 0) {
    return null;
  }
  const side = (which: 0 | 1, axis: 0 | 1 | 2, pick: (...numbers: number[]) => number) =>
    pick(...boxes.map((box) => box[which][axis]));
  return [
    [side(0, 0, Math.min), side(0, 1, Math.min), side(0, 2, Math.min)],
    [side(1, 0, Math.max), side(1, 1, Math.max), side(1, 2, Math.max)],
  ];
}

/** How far one may zoom where a box is all that is there. */
export function zoomRange(box: Box | null): Range | undefined {
  if (!box) {
    return undefined;
  }
  const size = Math.max(length(subtract(box[1], box[0])), SMALLEST_UM);
  return { least: LEAST * size, most: MOST * size };
}

/** Looks from a side, y up, at the same target from the same distance. */
export function seenFrom(camera: Camera, side: Side): Camera {
  const position = add(camera.target, scale(DIRECTIONS[side], basis(camera).distance));
  return { ...camera, position, up: [0, 1, 0] };
}

/** Fits a box into a picture of a shape (width / height); direction and projection stay. */
export function framing(camera: Camera, [low, high]: Box, aspect: number): Camera {
  const { back, right, top } = basis(camera);
  const target = scale(add(low, high), 0.5);
  let half = scale(subtract(high, low), 0.5);
  if (length(half) < SMALLEST_UM) {
    half = [SMALLEST_UM, SMALLEST_UM, SMALLEST_UM];
  }
  const slope = Math.tan((camera.fovy * Math.PI) / 360);
  let [distance, height] = [0, 0];
  for (const sign of CORNERS) {
    const corner: Vec3 = [half[0] * sign[0], half[1] * sign[1], half[2] * sign[2]];
    const extent = Math.max(Math.abs(dot(corner, top)), Math.abs(dot(corner, right)) / aspect) * MARGIN;
    height = Math.max(height, 2 * extent);
    distance = Math.max(distance, dot(corner, back) + extent / slope);
  }
  if (camera.type === "orthographic") {
    distance = 2 * length(half); // the eye only has to be outside
  } else {
    height = 2 * distance * slope;
  }
  return { ...camera, position: add(target, scale(back, distance)), target, height };
}

const SIGNS = [-1, 1] as const;
const CORNERS = SIGNS.flatMap((x) => SIGNS.flatMap((y) => SIGNS.map((z): Vec3 => [x, y, z])));

/** Looks at a point (µm) from where one looks now, from no farther away than now. */
export function focused(camera: Camera, point: Vec3): Camera {
  const { back, distance } = basis(camera);
  const near = Math.min(distance, length(subtract(camera.position, point)));
  const away = camera.type === "orthographic" ? distance : near;
  return { ...camera, position: add(point, scale(back, away)), target: point };
}
