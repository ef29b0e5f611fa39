// What tells size and direction over the picture: a scale bar, and axes that can be clicked.
import { useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { Camera, Vec3 } from "../contract.js";
import { basis, dot, visibleHeight } from "./camera.js";
import type { Side } from "./framing.js";
import { formatLength, roundLength } from "./lengths.js";

/** Most of the picture's width that the bar takes, and CSS pixels that it never exceeds. */
const SHARE = 0.25;
const LONGEST = 160;
/** With fewer CSS pixels than these there is no room for the axes: keys and panel do the same. */
const ROOM = { width: 420, height: 260 };
/** Half the width of the axes' square, and how far their ends are from its middle, in CSS pixels. */
const MIDDLE = 40;
const REACH = 27;

interface End {
  readonly axis: "x" | "y" | "z";
  readonly direction: Vec3;
  readonly side: Side;
}

const ENDS: readonly End[] = [
  { axis: "x", direction: [1, 0, 0], side: "right" },
  { axis: "y", direction: [0, 1, 0], side: "top" },
  { axis: "z", direction: [0, 0, 1], side: "front" },
  { axis: "x", direction: [-1, 0, 0], side: "left" },
  { axis: "y", direction: [0, -1, 0], side: "bottom" },
  { axis: "z", direction: [0, 0, -1], side: "back" },
];
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function Measures() {
  const { picture, traits } = useView();
  const camera = useComputed(() => picture.seen.value ?? traits.camera.value);
  const { size } = picture;
  if (picture.frame.value === null || traits.models.value.length === 0 || !size) {
    return null;
  }
  const { width, height } = size;
  const cramped = width < ROOM.width || height < ROOM.height;
  return (
    <div class="bw-measures" data-cramped={cramped || undefined}>
      {!cramped && <Axes camera={camera.value} />}
      {traits.scale_bar.value && <ScaleBar camera={camera.value} width={width} height={height} />}
    </div>
  );
}

interface ScaleBarProps {
  readonly camera: Camera;
  /** Of the canvas, in CSS pixels. */
  readonly width: number;
  readonly height: number;
}

function ScaleBar({ camera, width, height }: ScaleBarProps) {
  const unit = visibleHeight(camera) / height;
  if (!(unit > 0 && Number.isFinite(unit))) {
    return null; // the camera is on its target, or the canvas is not shown
  }
  const length = roundLength(Math.min(width * SHARE, LONGEST) * unit);
  const text = formatLength(length);
  const where = camera.type === "perspective" ? ", at the depth that the camera turns about" : "";
  return (
    <div class="bw-scale-bar" role="img" aria-label={`Scale bar: ${text}${where}`} title={`${text}${where}`}>
      <span>{text}</span>
      <div style={{ width: `${length / unit}px` }} />
    </div>
  );
}

/** One stop of the tabulator; arrows go from end to end. */
function Axes({ camera }: { readonly camera: Camera }) {
  const { picture } = useView();
  const current = useSignal(0);
  const group = useRef<HTMLDivElement>(null);
  const { right, top, back } = basis(camera);
  const ends = ENDS.map(({ direction, ...end }) => ({
    ...end,
    x: MIDDLE + REACH * dot(direction, right),
    y: MIDDLE - REACH * dot(direction, top),
    depth: dot(direction, back),
  }));
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      current.value = (current.value + step + ENDS.length) % ENDS.length;
      group.current?.querySelectorAll("button")[current.value]?.focus();
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div ref={group} class="bw-gizmo" role="group" aria-label="Axes" onKeyDown={move}>
      <svg viewBox={`0 0 ${2 * MIDDLE} ${2 * MIDDLE}`} aria-hidden="true">
        {ends.slice(0, 3).map(({ axis, x, y }) => (
          <line key={axis} class={`bw-end-${axis}`} x1={MIDDLE} y1={MIDDLE} x2={x} y2={y} />
        ))}
      </svg>
      {ends.map(({ axis, side, x, y, depth }, index) => (
        <button
          key={side}
          type="button"
          class={`bw-end bw-end-${axis}`}
          data-far={index > 2 || undefined}
          aria-label={`Look from the ${side}`}
          title={`Look from the ${side} (${index > 2 ? "−" : ""}${axis})`}
          tabIndex={index === current.value ? 0 : -1}
          style={{ left: `${x}px`, top: `${y}px`, zIndex: Math.round(10 + 9 * depth) }}
          onFocus={() => {
            current.value = index;
          }}
          onClick={() => picture.lookFrom(side)}
        >
          <span data-name={index > 2 ? "" : axis} />
        </button>
      ))}
    </div>
  );
}
