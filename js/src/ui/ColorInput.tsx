// A control for a color: "#rrggbb", or "#rrggbbaa" if it is not opaque.

interface ColorInputProps {
  readonly color: string;
  readonly id?: string;
  /** Its accessible name, if it has no label. */
  readonly label?: string;
  readonly class?: string;
  readonly hidden?: boolean;
  readonly disabled?: boolean;
  /** -1 takes it out of the order of the tabulator. */
  readonly tab?: number;
  /** Gets the new color, with the old opacity. */
  readonly onChoose: (color: string) => void;
}

/** The color without its opacity, which the browser's input does not support. */
export function opaque(color: string): string {
  return color.slice(0, 7);
}

export function ColorInput({ color, id, label, class: name, hidden, disabled, tab, onChoose }: ColorInputProps) {
  return (
    <input
      type="color"
      id={id}
      aria-label={label}
      class={name}
      hidden={hidden}
      disabled={disabled}
      tabIndex={tab}
      value={opaque(color)}
      onChange={(event) => onChoose(event.currentTarget.value + color.slice(7))}
    />
  );
}
