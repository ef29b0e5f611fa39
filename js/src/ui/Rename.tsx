// A name while it is changed, in its place.
import { useLayoutEffect, useRef } from "preact/hooks";

interface RenameProps {
  readonly name: string;
  /** Its accessible name. */
  readonly label: string;
  readonly maxLength: number;
  /** Gets another name, or null if it stays. */
  readonly onEnd: (chosen: string | null) => void;
}

export function Rename({ name, label, maxLength, onEnd }: RenameProps) {
  const input = useRef<HTMLInputElement>(null);
  const ended = useRef(false);
  useLayoutEffect(() => input.current?.select(), []);
  const end = (chosen: string | null) => {
    if (!ended.current) {
      ended.current = true;
      onEnd(chosen === name ? null : chosen);
    }
  };
  return (
    <input
      ref={input}
      type="text"
      class="bw-rename"
      aria-label={label}
      spellcheck={false}
      maxLength={maxLength}
      defaultValue={name}
      onBlur={(event) => end(event.currentTarget.value.trim() || null)}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          end(event.key === "Enter" ? event.currentTarget.value.trim() || null : null);
        }
      }}
    />
  );
}
