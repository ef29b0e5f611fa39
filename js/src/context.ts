// What the parts of one view share.
import type { Model, Traits } from "./contract.js";
import { atEnd } from "./lifetime.js";
import type { Link } from "./link.js";
import type { Pilot } from "./pilot.js";

export interface Context {
  readonly model: Model;
  readonly link: Link;
  readonly pilot: Pilot;
  readonly signal: AbortSignal;
}

/** Shows a trait now and whenever it changes, until the view is gone. */
export function watch<K extends keyof Traits & string>(
  model: Model,
  name: K,
  show: (value: Traits[K]) => void,
  signal: AbortSignal,
): void {
  const update = () => show(model.get(name));
  model.on(`change:${name}`, update);
  atEnd(signal, () => model.off(`change:${name}`, update));
  update();
}

/** Sets a trait that the page may set, for the kernel and all other views. */
export function publish<K extends "background" | "height" | "panel_open">(model: Model, name: K, value: Traits[K]): void {
  model.set(name, value);
  model.save_changes();
}
