// Camera movements as pure functions. Angles in radians, steps as fractions of what the camera sees.
import type { Camera, Vec3 } from "../contract.js";

/** How close the view may come to the pole: nearer, left and right would swap between two moves. */
const POLE_MARGIN = 1e-3;
const NEAREST_UM = 1e-2;
const FARTHEST_UM = 1e9;

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vec3, k: number): Vec3 => [a[0] * k, a[1] * k, a[2] * k];
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const length = (a: Vec3): number => Math.hypot(...a);
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

function normalize(a: Vec3, otherwise: Vec3): Vec3 {
  const norm = length(a);
  return norm > 1e-12 ? scale(a, 1 / norm) : otherwise;
}

/** A place on the canvas: to the right of its middle and above it, in its heights. */
export interface Spot {
  readonly right: number;
  readonly up: number;
}
const MIDDLE: Spot = { right: 0, up: 0 };

/** The least and the most height that may be seen at the target, in µm. */
export interface Range {
  readonly least: number;
  readonly most: number;
}
const ANY: Range = { least: NEAREST_UM, most: FARTHEST_UM };

/** Any unit vector perpendicular to the unit vector `a`. */
function perpendicular(a: Vec3): Vec3 {
  return normalize(cross(a, Math.abs(a[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]), [0, 0, 1]);
}

/** Turns `a` about the unit vector `axis` (Rodrigues' rotation formula). */
export function rotate(a: Vec3, axis: Vec3, angle: number): Vec3 {
  const cosine = Math.cos(angle);
  const turned = add(scale(a, cosine), scale(cross(axis, a), Math.sin(angle)));
  return add(turned, scale(axis, dot(axis, a) * (1 - cosine)));
}

interface Basis {
  /** Unit vectors: to the camera from its target, to the right and to the top of the picture. */
  readonly back: Vec3;
  readonly right: Vec3;
  readonly top: Vec3;
  /** The axis of yaw. */
  readonly pole: Vec3;
  readonly distance: number;
}

export function basis({ position, target, up }: Camera): Basis {
  const offset = subtract(position, target);
  const back = normalize(offset, [0, 0, 1]);
  const pole = normalize(up, [0, 1, 0]);
  const side = cross(pole, back);
  // At the pole the right direction is undefined; any one will do, as long as it stays the same.
  const right = length(side) > 1e-6 ? normalize(side, [1, 0, 0]) : perpendicular(pole);
  return { back, right, top: cross(back, right), pole, distance: Math.max(length(offset), NEAREST_UM) };
}

/** Turns the camera about its target: `yaw` about the up axis, `pitch` over it; never rolls, never flips. */
export function orbit(camera: Camera, yaw: number, pitch: number): Camera {
  const { back, right, pole, distance } = basis(camera);
  const polar = Math.acos(clamp(dot(back, pole), -1, 1));
  const wanted = clamp(polar + pitch, POLE_MARGIN, Math.PI - POLE_MARGIN);
  const pitched = rotate(back, right, wanted - polar);
  const offset = scale(rotate(pitched, pole, yaw), distance);
  return { ...camera, position: add(camera.target, offset) };
}

/** Height of what the camera sees at its target, in µm. */
export function visibleHeight(camera: Camera): number {
  if (camera.type === "orthographic") {
    return camera.height;
  }
  return 2 * length(subtract(camera.position, camera.target)) * Math.tan((camera.fovy * Math.PI) / 360);
}

/** Moves camera and target in the picture's plane, by fractions of the picture's height, to the right and up. */
export function pan(camera: Camera, right: number, up: number): Camera {
  const axes = basis(camera);
  const unit = visibleHeight(camera);
  const step = add(scale(axes.right, right * unit), scale(axes.top, up * unit));
  return { ...camera, position: add(camera.position, step), target: add(camera.target, step) };
}

/** An axis of the world that is seen shorter than this share of itself points at the viewer. */
const SHORT = 0.3;

/** Turns the camera about an axis of the world through its target, as a drag across that axis says. */
export function turnAbout(camera: Camera, axis: Vec3, yaw: number, pitch: number): Camera {
  const { right, top, back, distance } = basis(camera);
  const [across, along] = [dot(axis, right), dot(axis, top)];
  const seen = Math.hypot(across, along);
  const angle = seen < SHORT ? yaw : (yaw * along + pitch * across) / seen;
  const position = add(camera.target, scale(rotate(back, axis, angle), distance));
  return { ...camera, position, up: rotate(camera.up, axis, angle) };
}

/** As `pan`, but along an axis of the world only. */
export function panAlong(camera: Camera, axis: Vec3, right: number, up: number): Camera {
  const axes = basis(camera);
  const [across, along] = [dot(axis, axes.right), dot(axis, axes.top)];
  const share = (right * across + up * along) / Math.max(across ** 2 + along ** 2, SHORT ** 2);
  const step = scale(axis, share * visibleHeight(camera));
  return { ...camera, position: add(camera.position, step), target: add(camera.target, step) };
}

/** Multiplies the distance to the target; what an orthographic camera sees does not change. */
export function dolly(camera: Camera, factor: number): Camera {
  const { back, distance } = basis(camera);
  const wanted = clamp(distance * factor, NEAREST_UM, FARTHEST_UM);
  return { ...camera, position: add(camera.target, scale(back, wanted)) };
}

/**
 * Shows `factor` times as much: moves a perspective camera, widens an orthographic one. What is seen at a spot of the
 * target's plane stays there. It goes to the ends of `range`; a camera that is beyond one can only come back.
 */
export function zoom(camera: Camera, factor: number, at: Spot = MIDDLE, range: Range = ANY): Camera {
  const seen = Math.max(visibleHeight(camera), NEAREST_UM);
  const wanted = clamp(seen * factor, Math.min(range.least, seen), Math.max(range.most, seen));
  const share = wanted / seen;
  const spot = camera.type === "cylindric" ? MIDDLE : at; // a plane is seen bent, and nothing of it stays
  const zoomed = camera.type === "orthographic" ? { ...camera, height: wanted } : dolly(camera, share);
  return pan(zoomed, spot.right * (1 / share - 1), spot.up * (1 / share - 1));
}

/** Turns the camera about the direction in which it looks, so that the picture turns clockwise. */
export function roll(camera: Camera, angle: number): Camera {
  return { ...camera, up: rotate(camera.up, basis(camera).back, angle) };
}

/** The same view in another projection: objects at the target keep their size. */
export function project(camera: Camera, type: Camera["type"]): Camera {
  if (type === camera.type) {
    return camera;
  }
  if (type === "orthographic") {
    return { ...camera, type, height: visibleHeight(camera) };
  }
  if (camera.type !== "orthographic") {
    return { ...camera, type };
  }
  const distance = camera.height / (2 * Math.tan((camera.fovy * Math.PI) / 360));
  return dolly({ ...camera, type }, distance / basis(camera).distance);
}

/** Whether two cameras show the same picture, up to rounding on the way through the kernel. */
export function sameView(a: Camera, b: Camera): boolean {
  const tolerance = 1e-6 * Math.max(1, length(a.position), length(a.target), a.height);
  const near = (p: Vec3, q: Vec3) => length(subtract(p, q)) <= tolerance;
  return (
    a.type === b.type &&
    near(a.position, b.position) &&
    near(a.target, b.target) &&
    near(a.up, b.up) &&
    a.aperture === b.aperture &&
    Math.abs(a.fovy - b.fovy) <= 1e-6 &&
    Math.abs(a.height - b.height) <= tolerance
  );
}
