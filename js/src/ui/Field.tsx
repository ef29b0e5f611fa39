// A control with a label in front of it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface FieldProps {
  readonly name: string;
  /** The control, which must carry `id`. Inside the label, a select's options would become part of its name. */
  readonly children: (id: string) => ComponentChildren;
}

export function Field({ name, children }: FieldProps) {
  // Not useId, whose ids repeat in other views on the same page.
  const [id] = useState(() => `bw-${Math.random().toString(36).slice(2)}`);
  return (
    <div class="bw-field">
      <label for={id}>{name}</label>
      {children(id)}
    </div>
  );
}
