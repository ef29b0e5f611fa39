// A color that people choose: "#rrggbb", or "#rrggbbaa" if it is not opaque.

interface ColorInputProps {
  readonly color: string;
  readonly id?: string;
  /** Its accessible name, where no label names it. */
  readonly label?: string;
  readonly class?: string;
  readonly hidden?: boolean;
  readonly disabled?: boolean;
  /** Gets the new color, as opaque as the old one. */
  readonly onChoose: (color: string) => void;
}

/** The color without its opacity, which the browser's own input does not know. */
export function opaque(color: string): string {
  return color.slice(0, 7);
}

export function ColorInput({ color, id, label, class: name, hidden, disabled, onChoose }: ColorInputProps) {
  return (
    <input
      type="color"
      id={id}
      aria-label={label}
      class={name}
      hidden={hidden}
      disabled={disabled}
      value={opaque(color)}
      onChange={(event) => onChoose(event.currentTarget.value + color.slice(7))}
    />
  );
}
