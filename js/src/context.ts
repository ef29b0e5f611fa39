// The context that the components of one view share.

import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Condition } from "./condition.js";
import type { WidgetModel } from "./contract.js";
import type { Link } from "./kernel/link.js";
import type { TraitSignals } from "./kernel/traits.js";
import type { Picture } from "./picture/picture.js";

export interface View {
  /** Unique among all views. */
  readonly id: string;
  readonly model: WidgetModel;
  readonly traits: TraitSignals;
  readonly link: Link;
  readonly picture: Picture;
  /** What the view tells of itself. */
  readonly condition: ReadonlySignal<Condition>;
  readonly signal: AbortSignal;
}

export const ViewContext = createContext<View | null>(null);

/** The view that a component belongs to. */
export function useView(): View {
  const view = useContext(ViewContext);
  if (!view) {
    throw new Error("This component stands outside of a view.");
  }
  return view;
}

/** The id of the panel's element. */
export function panelId(view: View): string {
  return `bw-panel-${view.id}`;
}

/** The id of the element that tells what pointer and keys do. */
export function keysId(view: View): string {
  return `bw-keys-${view.id}`;
}
