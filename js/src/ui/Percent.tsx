// A share from 0 to 100 %, which takes effect when the slider is let go.
import { Field } from "./Field.js";

interface PercentProps {
  readonly name: string;
  /** 0 to 1; null: there is none, for a `reason`. */
  readonly value: number | null;
  readonly reason: string;
  readonly title: string;
  readonly disabled: boolean;
  readonly onChoose: (share: number) => void;
}

export function Percent({ name, value, reason, title, disabled, onChoose }: PercentProps) {
  const percent = Math.round((value ?? 0) * 100);
  const text = value === null ? reason : `${percent} %`;
  return (
    <Field name={name}>
      {(id) => (
        <div class="bw-slider" title={value === null ? reason : title}>
          <input
            type="range"
            id={id}
            min="0"
            max="100"
            aria-valuetext={text}
            value={percent}
            disabled={disabled || value === null}
            onChange={({ currentTarget }) => onChoose(currentTarget.valueAsNumber / 100)}
          />
          <span>{value === null ? "none" : text}</span>
        </div>
      )}
    </Field>
  );
}
