// The model's traits as signals: one trait is one signal.
import { type ReadonlySignal, signal } from "@preact/signals";
import { TRAITS, type Traits, type WidgetModel } from "../contract.js";
import { atEnd } from "../lifetime.js";

export type TraitSignals = { readonly [K in keyof Traits]: ReadonlySignal<Traits[K]> };

/** Signals that follow the model's traits until `end` is aborted. */
export function followTraits(model: WidgetModel, end: AbortSignal): TraitSignals {
  const followOne = <K extends keyof Traits>(name: K): ReadonlySignal<Traits[K]> => {
    const trait = signal(model.get(name));
    const update = () => {
      trait.value = model.get(name);
    };
    model.on(`change:${name}`, update);
    atEnd(end, () => model.off(`change:${name}`, update));
    return trait;
  };
  return Object.fromEntries(TRAITS.map((name) => [name, followOne(name)])) as unknown as TraitSignals;
}

/** Sets a trait that the page may set, for the kernel and all other views. */
export function publish<K extends "background" | "highlight" | "height" | "panel_open" | "legend_place" | "scale_bar">(
  model: WidgetModel,
  name: K,
  value: Traits[K],
): void {
  model.set(name, value);
  model.save_changes();
}
