// A bar that sets a length, by pointer or by keys.
import { useRef } from "preact/hooks";

export interface SeparatorProps {
  readonly class: string;
  /** What it sets. */
  readonly label: string;
  readonly title: string;
  /** Whether it is moved to and fro ("x"), or up and down. */
  readonly axis: "x" | "y";
  /** The length in CSS pixels. */
  readonly value: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Whether the length grows to the right and down, or against that. */
  readonly grows: 1 | -1;
  /** Gets each length during a drag. */
  readonly onMove: (length: number) => void;
  /** Gets the final length. */
  readonly onChoose: (length: number) => void;
}

const STEP = 20;
const KEYS: Readonly<Record<SeparatorProps["axis"], Readonly<Record<string, number>>>> = {
  x: { ArrowLeft: -STEP, ArrowRight: STEP },
  y: { ArrowUp: -STEP, ArrowDown: STEP },
};

export function Separator(props: SeparatorProps) {
  const { axis, value, minimum, maximum, grows, onMove, onChoose } = props;
  const drag = useRef<{ id: number; from: number; value: number; length: number } | null>(null);
  const fit = (length: number) => Math.round(Math.min(Math.max(length, minimum), maximum));
  const placeOf = (event: PointerEvent) => (axis === "x" ? event.clientX : event.clientY);
  const start = (event: PointerEvent) => {
    if (event.button === 0) {
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      drag.current = { id: event.pointerId, from: placeOf(event), value, length: value };
    }
  };
  const move = (event: PointerEvent) => {
    if (drag.current?.id === event.pointerId) {
      drag.current.length = fit(drag.current.value + grows * (placeOf(event) - drag.current.from));
      onMove(drag.current.length);
    }
  };
  const end = (event: PointerEvent) => {
    if (drag.current?.id === event.pointerId) {
      const { length } = drag.current;
      drag.current = null;
      onChoose(length);
    }
  };
  const press = (event: KeyboardEvent) => {
    const step = KEYS[axis][event.key];
    if (step) {
      event.preventDefault();
      onChoose(fit(value + grows * step));
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be dragged and takes no keys
    <div
      class={props.class}
      role="separator"
      tabIndex={0}
      aria-orientation={axis === "x" ? "vertical" : "horizontal"}
      aria-label={props.label}
      aria-valuemin={minimum}
      aria-valuemax={maximum}
      aria-valuenow={value}
      title={props.title}
      onPointerDown={start}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onKeyDown={press}
    />
  );
}
