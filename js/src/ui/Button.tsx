// Buttons.
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon.js";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  /** Its accessible name, if that differs from what it shows. */
  readonly label?: string;
  /** Its tooltip. */
  readonly title?: string;
  /** Without it the button submits its form. */
  readonly onClick?: () => void;
}

export function Button({ children, primary = false, disabled = false, label, title, onClick }: ButtonProps) {
  return (
    <button
      type={onClick ? "button" : "submit"}
      class={primary ? "bw-button bw-primary" : "bw-button bw-plain"}
      aria-label={label}
      title={title}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  /** Its accessible name. */
  readonly label: string;
  /** Its tooltip, if that differs from the name. */
  readonly title?: string;
  readonly disabled?: boolean;
  /** The id of the element that it opens, and whether that is open. */
  readonly controls?: string;
  readonly expanded?: boolean;
  /** Of a button that stays pressed. */
  readonly pressed?: boolean;
  /** -1 takes it out of the order of the tabulator. */
  readonly tab?: number;
  readonly onClick: () => void;
}

export function IconButton({
  icon,
  label,
  title = label,
  disabled = false,
  controls,
  expanded,
  pressed,
  tab,
  onClick,
}: IconButtonProps) {
  return (
    <button
      type="button"
      class="bw-icon-button"
      tabIndex={tab}
      title={title}
      aria-label={label}
      aria-controls={controls}
      aria-expanded={expanded}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
