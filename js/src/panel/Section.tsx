// A section of the panel, which the browser remembers to be open or not.
import { type ReadonlySignal, useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { readStored, store } from "./stored.js";

const KEY = "brayns-widget:sections";

interface SectionProps {
  readonly title: string;
  /** When this changes, it opens or closes; it is not remembered then. */
  readonly open?: boolean;
  /** Whether it is folded away at first, and has its contents only while it is open: they ask the backend. */
  readonly folded?: boolean;
  /** Opens it whenever it has another value, but for null. */
  readonly wanted?: ReadonlySignal<unknown>;
  /** Called when it is shown or folded away, if `open` does not say that. */
  readonly onShow?: (shown: boolean) => void;
  readonly children: ComponentChildren;
}

export function Section({ title, open, folded = false, wanted, onShow, children }: SectionProps) {
  const first = useSignal(open ?? (folded ? readStored(KEY)[title] === true : readStored(KEY)[title] !== false));
  useSignalEffect(() => onShow?.(first.value));
  useSignalEffect(() => {
    if (wanted && wanted.value !== null) {
      first.value = true;
    }
  });
  return (
    <details
      class="bw-section"
      open={open ?? first.value}
      onToggle={(event) => {
        if (open === undefined) {
          first.value = event.currentTarget.open;
          store(KEY, { [title]: first.value });
        }
      }}
    >
      <summary>{title}</summary>
      {(!folded || first.value) && children}
    </details>
  );
}
