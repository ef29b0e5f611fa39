// The slab in the picture: outlines of its sides where they cut what is there, and a grip that moves it.
import { useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { SlabState, Vec3 } from "../contract.js";
import { add, scale } from "./camera.js";
import type { Point } from "./places.js";
import { crossSection, middleOf } from "./slab.js";

/** CSS pixels: an axis that is seen shorter points at the viewer, and the grip then goes by up and down. */
const SHORT = 24;
/** Shares of the thickness by which keys move it. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 0.1,
  ArrowUp: 0.1,
  ArrowLeft: -0.1,
  ArrowDown: -0.1,
  PageUp: 1,
  PageDown: -1,
};

interface Drag {
  readonly from: Point;
  readonly position: number;
  /** µm for each CSS pixel to the right and down. */
  readonly unit: Point;
}

export function SlabHandle() {
  const { picture } = useView();
  const { slab } = picture;
  const overlay = useRef<SVGSVGElement>(null);
  const drag = useRef<Drag | null>(null);
  const [shown, box, reach] = [slab.shown.value, slab.box, slab.reach.value];
  if (!slab.handled.value || !shown || !box || !reach) {
    return null;
  }
  const { position, normal, thickness } = shown;
  const sides = [-1, 0, 1].map((side) => crossSection(box, normal, position + (side * thickness) / 2));
  const middle = middleOf(sides[1]?.length ? sides[1] : [scale(normal, position)]);
  const place = picture.pointOf(middle);
  return (
    <div class="bw-slab">
      <svg ref={overlay} viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        {[sides[0], sides[2]].map((corners, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: there are two, in this order
          <path key={index} d={outline(corners ?? [], (corner) => picture.pointOf(corner))} />
        ))}
      </svg>
      {place && (
        <div
          class="bw-slab-grip"
          role="slider"
          tabIndex={0}
          aria-label="Position of the slab"
          aria-valuemin={reach[0]}
          aria-valuemax={reach[1]}
          aria-valuenow={position}
          aria-valuetext={`${Math.round(position)} µm`}
          title="Drag it along its axis, or use the arrows"
          style={{ left: `${100 * place.x}%`, top: `${100 * place.y}%` }}
          onKeyDown={(event) => {
            const step = STEPS[event.key];
            if (step) {
              event.preventDefault();
              slab.stop();
              slab.move(position + step * thickness);
            }
          }}
          onPointerDown={(event) => {
            const size = overlay.current?.getBoundingClientRect();
            if (event.button === 0 && size) {
              event.preventDefault();
              event.currentTarget.focus();
              event.currentTarget.setPointerCapture(event.pointerId);
              slab.stop();
              const seen = (point: Vec3) => picture.pointOf(point);
              const from = { x: event.clientX, y: event.clientY };
              drag.current = { from, position, unit: unitOf(shown, middle, reach[1] - reach[0], seen, size) };
            }
          }}
          onPointerMove={({ clientX, clientY }) => {
            const held = drag.current;
            if (held) {
              const [right, down] = [clientX - held.from.x, clientY - held.from.y];
              slab.move(held.position + right * held.unit.x + down * held.unit.y);
            }
          }}
          onLostPointerCapture={() => {
            drag.current = null;
          }}
        />
      )}
    </div>
  );
}

function outline(corners: readonly Vec3[], seen: (corner: Vec3) => Point | null): string {
  const points = corners.map(seen);
  return points.length > 2 && points.every((point) => point !== null)
    ? `M${points.map((point) => `${point?.x},${point?.y}`).join("L")}Z`
    : "";
}

/** How far the slab goes (µm) for each pixel of the pointer. */
function unitOf(
  { normal }: SlabState,
  middle: Vec3,
  whole: number,
  seen: (point: Vec3) => Point | null,
  size: { readonly width: number; readonly height: number },
): Point {
  const ahead = whole / 8;
  const [here, there] = [seen(middle), seen(add(middle, scale(normal, ahead)))];
  const right = here && there ? (there.x - here.x) * size.width : 0;
  const down = here && there ? (there.y - here.y) * size.height : 0;
  const squared = right ** 2 + down ** 2;
  return squared * 64 < SHORT ** 2
    ? { x: 0, y: -whole / size.height }
    : { x: (ahead * right) / squared, y: (ahead * down) / squared };
}
