// Which parts of cells are loaded: at least one.
import { useLayoutEffect, useRef } from "preact/hooks";

export interface PartChoices {
  readonly soma: boolean;
  readonly axon: boolean;
  readonly dendrites: boolean;
}

interface PartsProps {
  readonly choices: PartChoices;
  readonly onChange: (changes: Partial<PartChoices>) => void;
}

const PARTS = { soma: "Soma", axon: "Axon", dendrites: "Dendrites" } as const;

export function Parts({ choices, onChange }: PartsProps) {
  const first = useRef<HTMLInputElement>(null);
  const none = !choices.soma && !choices.axon && !choices.dendrites;
  useLayoutEffect(() => {
    first.current?.setCustomValidity(none ? "Choose at least one part of the cells." : "");
  }, [none]);
  return (
    <fieldset class="bw-parts">
      <legend>Parts</legend>
      {(Object.keys(PARTS) as (keyof typeof PARTS)[]).map((part) => (
        <label key={part}>
          <input
            type="checkbox"
            ref={part === "soma" ? first : null}
            checked={choices[part]}
            onChange={(event) => onChange({ [part]: event.currentTarget.checked })}
          />
          {PARTS[part]}
        </label>
      ))}
    </fieldset>
  );
}
