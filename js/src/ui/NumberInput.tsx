// A number that takes effect when it is confirmed, by Enter or by going on; what does not fit stays, to be mended.
import { useLayoutEffect, useState } from "preact/hooks";

interface NumberInputProps {
  readonly value: number;
  readonly id?: string;
  /** Its accessible name, if it has no label. */
  readonly label?: string;
  readonly title?: string;
  readonly disabled?: boolean;
  /** What it must be above. */
  readonly above?: number;
  /** What it must be below. */
  readonly below?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /** How many digits are shown. */
  readonly digits?: number;
  readonly onChoose: (value: number) => void;
}

interface Wrong {
  readonly typed: string;
  readonly mistake: string;
}

export function NumberInput(props: NumberInputProps) {
  const { value, id, label, title, disabled, digits = 6, onChoose } = props;
  const shown = String(Number(value.toPrecision(digits)));
  const [wrong, setWrong] = useState<Wrong | null>(null);
  const [mistakeId] = useState(() => `bw-${Math.random().toString(36).slice(2)}`);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another value replaces what was typed
  useLayoutEffect(() => setWrong(null), [value]);
  return (
    <>
      <input
        type="number"
        step="any"
        id={id}
        aria-label={label}
        aria-invalid={wrong !== null}
        aria-describedby={wrong ? mistakeId : undefined}
        title={title}
        disabled={disabled}
        value={wrong?.typed ?? shown}
        onKeyDown={(event) => {
          if (event.key === "Escape" && wrong) {
            event.stopPropagation();
            setWrong(null);
          }
        }}
        onChange={({ currentTarget: input }) => {
          const mistake = mistakeIn(input.valueAsNumber, props);
          setWrong(mistake ? { typed: input.value, mistake } : null);
          if (!mistake && input.value !== shown) {
            onChoose(input.valueAsNumber);
          }
        }}
      />
      {wrong && (
        <small class="bw-mistake" id={mistakeId} role="alert">
          {wrong.mistake}
        </small>
      )}
    </>
  );
}

/** What is wrong with a number, as a sentence, or "". Limits that are not given are NaN, which nothing is beyond. */
function mistakeIn(
  number: number,
  { above = NaN, below = NaN, minimum = NaN, maximum = NaN }: NumberInputProps,
): string {
  if (Number.isNaN(number)) {
    return "Enter a number.";
  }
  if (number <= above) {
    return `Enter more than ${above}.`;
  }
  if (number >= below) {
    return `Enter less than ${below}.`;
  }
  if (number < minimum) {
    return `Enter ${minimum} or more.`;
  }
  return number > maximum ? `Enter ${maximum} or less.` : "";
}
