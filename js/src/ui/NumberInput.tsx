// A number that takes effect when it is confirmed, by Enter or by going on; what is no number is taken back.

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
  readonly maximum?: number;
  /** How many digits are shown. */
  readonly digits?: number;
  readonly onChoose: (value: number) => void;
}

export function NumberInput({
  value,
  id,
  label,
  title,
  disabled,
  above,
  below,
  maximum,
  digits = 6,
  onChoose,
}: NumberInputProps) {
  const shown = String(Number(value.toPrecision(digits)));
  return (
    <input
      type="number"
      step="any"
      id={id}
      aria-label={label}
      title={title}
      disabled={disabled}
      value={shown}
      onChange={({ currentTarget: input }) => {
        const chosen = input.valueAsNumber;
        const fits = chosen > (above ?? -Infinity) && chosen < (below ?? Infinity) && chosen <= (maximum ?? Infinity);
        if (!fits) {
          input.value = shown;
        } else if (input.value !== shown) {
          onChoose(chosen);
        }
      }}
    />
  );
}
