// The bar below a view that sets its height, by pointer or by keys.
import { useRef } from "preact/hooks";
import { HEIGHT } from "../contract.js";

const STEP = 20;

interface HandleProps {
  /** Height of the view in CSS pixels. */
  readonly height: number;
  /** Gets each height during a drag. */
  readonly onMove: (height: number) => void;
  /** Gets the final height. */
  readonly onChoose: (height: number) => void;
}

function fit(height: number): number {
  return Math.round(Math.min(Math.max(height, HEIGHT.minimum), HEIGHT.maximum));
}

export function Handle({ height, onMove, onChoose }: HandleProps) {
  const drag = useRef<{ id: number; offset: number; height: number } | null>(null);
  const start = (event: PointerEvent) => {
    if (event.button === 0) {
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      drag.current = { id: event.pointerId, offset: height - event.clientY, height };
    }
  };
  const move = (event: PointerEvent) => {
    if (drag.current?.id === event.pointerId) {
      drag.current.height = fit(event.clientY + drag.current.offset);
      onMove(drag.current.height);
    }
  };
  const end = (event: PointerEvent) => {
    if (drag.current?.id === event.pointerId) {
      const chosen = drag.current.height;
      drag.current = null;
      onChoose(chosen);
    }
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
    if (step) {
      event.preventDefault();
      onChoose(fit(height + step));
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be dragged and takes no keys
    <div
      class="bw-handle"
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label="Height of the view"
      aria-valuemin={HEIGHT.minimum}
      aria-valuemax={HEIGHT.maximum}
      aria-valuenow={height}
      title="Drag to change the height"
      onPointerDown={start}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onKeyDown={press}
    />
  );
}
