// The name of what is under the pointer, while no button is down.
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { useView } from "../context.js";
import type { ModelState } from "../contract.js";
import { formatSection } from "../ui/format.js";
import type { Seen } from "./ids.js";
import { type Point, pointOn } from "./places.js";

/** CSS pixels between the pointer and the tooltip, which must not lie under it. */
const GAP = 14;

export function Hover({ canvas }: { readonly canvas: RefObject<HTMLCanvasElement | null> }) {
  const { picture, traits, signal } = useView();
  const pointer = useSignal<Point | null>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    const move = (event: PointerEvent) => {
      const hovers = event.pointerType !== "touch" && event.buttons === 0;
      pointer.value = hovers && element ? pointOn(element, event) : null;
    };
    const leave = () => {
      pointer.value = null;
    };
    element?.addEventListener("pointermove", move, { signal });
    element?.addEventListener("pointerup", move, { signal });
    for (const name of ["pointerdown", "pointerleave", "pointercancel"] as const) {
      element?.addEventListener(name, leave, { signal });
    }
  }, [canvas, pointer, signal]);
  const at = pointer.value;
  const found = at && picture.seenNear(at);
  const text = found && nameOf(found.seen, traits.models.value);
  if (!at || !text || !canvas.current) {
    return null;
  }
  const { clientWidth, clientHeight } = canvas.current;
  // It changes sides where it has less room than on the other one, whatever its own size is, so it never jumps.
  const x = at.x > clientWidth / 2 ? `calc(${at.x - GAP}px - 100%)` : `${at.x + GAP}px`;
  const y = at.y > clientHeight / 2 ? `calc(${at.y - GAP}px - 100%)` : `${at.y + GAP}px`;
  return (
    <div class="bw-hover" aria-hidden="true" style={{ transform: `translate(${x}, ${y})` }}>
      {text}
    </div>
  );
}

function nameOf({ model, cell, sectionType }: Seen, models: readonly ModelState[]): string {
  const known = models.find(({ id }) => id === model);
  const name = (cell !== null && known?.population) || known?.name;
  return [name, cell, sectionType && formatSection(sectionType)].filter((part) => part || part === 0).join(" · ");
}
