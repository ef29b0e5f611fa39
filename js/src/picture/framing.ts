// Cameras that show points, such as the corners of a box, and how far they may zoom. `Camera.framing` and `seen_from` in Python do the same.
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
/** Least distance of the eye from what it is to see, in its widths or heights: a neurite may point at it. */
const NEAREST = 0.25;
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
  const ends = models.flatMap(({ visible, bounds }) => (visible && bounds ? bounds : []));
  return ends.length === 0 ? null : boxAround(ends);
}

/** The points that must be in a picture of a model. */
export function extentOf({ outline, bounds }: ModelState): readonly Vec3[] {
  return outline.length > 0 || !bounds ? outline : corners(bounds);
}

/** The points that must be in a picture of all visible models. */
export function outlineOf(models: readonly ModelState[]): readonly Vec3[] {
  return models.flatMap((model) => (model.visible ? extentOf(model) : []));
}

export function corners(box: Box): readonly Vec3[] {
  return box.flatMap(([x]) => box.flatMap(([, y]) => box.map(([, , z]): Vec3 => [x, y, z])));
}

function boxAround(points: readonly Vec3[]): Box {
  const most = (axis: 0 | 1 | 2, sign: 1 | -1) => sign * greatest(points, (point) => sign * point[axis]);
  return [
    [most(0, -1), most(1, -1), most(2, -1)],
    [most(0, 1), most(1, 1), most(2, 1)],
  ];
}

/** Of any number of points: functions take a limited number of arguments. */
function greatest(points: readonly Vec3[], of: (point: Vec3) => number): number {
  return points.reduce((most, point) => Math.max(most, of(point)), Number.NEGATIVE_INFINITY);
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

/** Fits points into a picture of a shape (width / height); direction and projection stay. */
export function framing(camera: Camera, points: readonly Vec3[], aspect: number): Camera {
  const { back, right, top } = basis(camera);
  const placed = atLeast(points).map((point): Vec3 => [dot(point, right), dot(point, top), dot(point, back)]);
  const [low, high] = boxAround(placed);
  const [x, y, depth] = scale(add(low, high), 0.5);
  const slope = Math.tan((camera.fovy * Math.PI) / 360);
  const [width, tall] = [high[0] - low[0], high[1] - low[1]];
  let eye: Vec3 = [x, y, depth + length(subtract(high, low))]; // in an orthographic projection it has to be outside
  let height = Math.max(width / aspect, tall) * MARGIN;
  if (camera.type !== "orthographic") {
    const away = Math.max(NEAREST * Math.max(width, tall), SMALLEST_UM);
    const across = nearest(placed, 0, (slope * aspect) / MARGIN);
    const along = nearest(placed, 1, slope / MARGIN);
    eye = [across.place, along.place, Math.max(across.depth, along.depth, high[2] + away)];
    height = 2 * (eye[2] - depth) * slope;
  }
  const at = (z: number) => add(add(scale(right, eye[0]), scale(top, eye[1])), scale(back, z));
  return { ...camera, position: at(eye[2]), target: at(depth), height };
}

/** The points, or around them the corners of the smallest box that is looked at. */
function atLeast(points: readonly Vec3[]): readonly Vec3[] {
  const [low, high] = boxAround(points);
  if (length(subtract(high, low)) >= 2 * SMALLEST_UM) {
    return points;
  }
  const center = scale(add(low, high), 0.5);
  const half: Vec3 = [SMALLEST_UM, SMALLEST_UM, SMALLEST_UM];
  return corners([subtract(center, half), add(center, half)]);
}

/** The nearest eye from which points are seen within a slope, by its place along one axis of the picture and its depth. */
function nearest(points: readonly Vec3[], axis: 0 | 1, slope: number): { place: number; depth: number } {
  const above = greatest(points, (point) => point[axis] + slope * point[2]);
  const below = greatest(points, (point) => slope * point[2] - point[axis]);
  return { place: (above - below) / 2, depth: (above + below) / (2 * slope) };
}

/** Looks at a point (µm) from where one looks now, from no farther away than now. */
export function focused(camera: Camera, point: Vec3): Camera {
  const { back, distance } = basis(camera);
  const near = Math.min(distance, length(subtract(camera.position, point)));
  const away = camera.type === "orthographic" ? distance : near;
  return { ...camera, position: add(point, scale(back, away)), target: point };
}
