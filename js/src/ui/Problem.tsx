// The error of a failed command, beside its controls.
import type { Commands } from "../kernel/calls.js";
import { CallError } from "../kernel/link.js";

export function Problem({ of }: { readonly of: Commands }) {
  const error = of.failure.value;
  const hint = error instanceof CallError ? error.hint : "";
  return (
    <p class="bw-problem" role="alert" hidden={error === null}>
      {error !== null && <span>{error instanceof CallError ? error.message : String(error)}</span>}
      {hint && <span class="bw-hint">{hint}</span>}
    </p>
  );
}
