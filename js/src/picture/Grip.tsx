// A grip in the picture that moves something along an axis of the scene.
import { useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { Vec3 } from "../contract.js";
import { add, scale } from "./camera.js";
import type { Point, Sides } from "./places.js";

/** CSS pixels: an axis that is seen shorter points at the viewer, and the grip then goes by up and down. */
const SHORT = 24;
/** Shares of a step by which keys move it. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 0.1,
  ArrowUp: 0.1,
  ArrowLeft: -0.1,
  ArrowDown: -0.1,
  PageUp: 1,
  PageDown: -1,
};

interface GripProps {
  readonly label: string;
  readonly title: string;
  /** Where it is in the scene, µm. */
  readonly at: Vec3;
  /** Along which it moves, of length 1. */
  readonly axis: Vec3;
  /** Where it is along the axis, and where it can be, µm. */
  readonly value: number;
  readonly reach: readonly [low: number, high: number];
  /** How far Page up and Page down move it, µm. */
  readonly step: number;
  /** Whether it cannot be seen and taken; a drag goes on. */
  readonly hidden?: boolean;
  readonly onBegin?: () => void;
  readonly onMove: (value: number, shift: boolean) => void;
}

interface Drag {
  readonly from: Point;
  readonly value: number;
  /** µm for each CSS pixel to the right and down. */
  readonly unit: Point;
}

export function Grip({ label, title, at, axis, value, reach, step, hidden, onBegin, onMove }: GripProps) {
  const { picture } = useView();
  const drag = useRef<Drag | null>(null);
  const place = picture.pointOf(at);
  if (!place) {
    return null;
  }
  return (
    <div
      class="bw-grip-handle"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={Math.min(reach[0], value)}
      aria-valuemax={Math.max(reach[1], value)}
      aria-valuenow={value}
      aria-valuetext={`${Math.round(value)} µm`}
      title={title}
      style={{ left: `${100 * place.x}%`, top: `${100 * place.y}%`, visibility: hidden ? "hidden" : "visible" }}
      onKeyDown={(event) => {
        const share = STEPS[event.key];
        if (share) {
          event.preventDefault();
          onBegin?.();
          onMove(value + share * step, event.shiftKey);
        }
      }}
      onPointerDown={(event) => {
        const size = event.currentTarget.parentElement?.getBoundingClientRect();
        if (event.button === 0 && size) {
          event.preventDefault();
          event.currentTarget.focus();
          event.currentTarget.setPointerCapture(event.pointerId);
          onBegin?.();
          const seen = (point: Vec3) => picture.pointOf(point);
          const from = { x: event.clientX, y: event.clientY };
          drag.current = { from, value, unit: unitOf(axis, at, reach[1] - reach[0], seen, size) };
        }
      }}
      onPointerMove={({ clientX, clientY, shiftKey }) => {
        const held = drag.current;
        if (held) {
          const [right, down] = [clientX - held.from.x, clientY - held.from.y];
          onMove(held.value + right * held.unit.x + down * held.unit.y, shiftKey);
        }
      }}
      onLostPointerCapture={() => {
        drag.current = null;
      }}
    />
  );
}

/** An SVG path through points of the scene; nothing if one of them is behind the camera. */
export function pathThrough(corners: readonly Vec3[], seen: (corner: Vec3) => Point | null): string {
  const points = corners.map(seen);
  return points.length > 1 && points.every((point) => point !== null)
    ? `M${points.map((point) => `${point?.x},${point?.y}`).join("L")}Z`
    : "";
}

/** How far it goes (µm) for each pixel of the pointer. */
function unitOf(axis: Vec3, at: Vec3, whole: number, seen: (point: Vec3) => Point | null, size: Sides): Point {
  const ahead = whole / 8;
  const [here, there] = [seen(at), seen(add(at, scale(axis, ahead)))];
  const right = here && there ? (there.x - here.x) * size.width : 0;
  const down = here && there ? (there.y - here.y) * size.height : 0;
  const squared = right ** 2 + down ** 2;
  return squared * 64 < SHORT ** 2
    ? { x: 0, y: -whole / size.height }
    : { x: (ahead * right) / squared, y: (ahead * down) / squared };
}
