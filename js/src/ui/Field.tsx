// A control with its name in front of it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface FieldProps {
  readonly name: string;
  /** The control, which must carry `id`. It is not inside the label, which would take a select's choices for its name. */
  readonly children: (id: string) => ComponentChildren;
}

export function Field({ name, children }: FieldProps) {
  // Not useId, whose ids are those of another view's fields on the same page.
  const [id] = useState(() => `bw-${Math.random().toString(36).slice(2)}`);
  return (
    <div class="bw-field">
      <label for={id}>{name}</label>
      {children(id)}
    </div>
  );
}
