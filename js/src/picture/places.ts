// Places on the canvas, in the picture that it shows, and in the scene.
import type { Camera, Vec3 } from "../contract.js";
import { basis, dot, subtract, visibleHeight } from "./camera.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The point of an element at which an event has happened; `offsetX` and `offsetY` are rounded. */
export function pointOn(element: Element, event: MouseEvent): Point {
  const { left, top } = element.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** Fractions of the picture's width and height, from its first column and row. */
export type Place = readonly [u: number, v: number];

/** Rounding of a picture that was rendered smaller must not show as a seam: so much is stretched away. */
const SEAM = 0.015;

/**
 * The picture's width on the canvas in widths of the canvas: the field of view is vertical, so a picture that was made
 * for another shape fits by its height, in the middle.
 */
export function stretch(canvas: Sides, picture: Sides): number {
  const ratio = (picture.width * canvas.height) / (picture.height * canvas.width);
  return Math.abs(ratio - 1) <= SEAM ? 1 : ratio;
}

/** The place in the picture under a point of the canvas in CSS pixels, or null beside the picture. */
export function toPlace(point: Point, canvas: Sides, picture: Sides): Place | null {
  const [u, v] = toPlane(point, canvas, picture);
  return u >= 0 && u <= 1 && v >= 0 && v <= 1 ? [u, v] : null;
}

/** As `toPlace`, also beside the picture, where fractions are below 0 or above 1. */
export function toPlane({ x, y }: Point, canvas: Sides, picture: Sides): Place {
  return [(x / canvas.width - 0.5) / stretch(canvas, picture) + 0.5, y / canvas.height];
}

/** The point of the canvas in CSS pixels at a place in the picture. */
export function toPoint([u, v]: Place, canvas: Sides, picture: Sides): Point {
  return { x: ((u - 0.5) * stretch(canvas, picture) + 0.5) * canvas.width, y: v * canvas.height };
}

/** Where a camera sees a position (µm), in a picture of a shape; null behind the camera. Can lie beside the picture. */
export function seenAt(position: Vec3, camera: Camera, { width, height }: Sides): Place | null {
  const { back, right, top } = basis(camera);
  const offset = subtract(position, camera.position);
  const depth = -dot(offset, back);
  if (depth <= 0) {
    return null;
  }
  if (camera.type === "cylindric") {
    // Columns are angles, half a turn in all; rows are heights on a cylinder around the camera.
    const across = dot(offset, right);
    const tall = 2 * Math.hypot(across, depth) * Math.tan((camera.fovy * Math.PI) / 360);
    return [0.5 + Math.atan2(across, depth) / Math.PI, 0.5 - dot(offset, top) / tall];
  }
  const high =
    camera.type === "orthographic" ? visibleHeight(camera) : 2 * depth * Math.tan((camera.fovy * Math.PI) / 360);
  return [0.5 + (dot(offset, right) / high) * (height / width), 0.5 - dot(offset, top) / high];
}
