// A line of text with its label.
import { Field } from "./Field.js";

interface TextProps {
  readonly name: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly maxLength: number;
  readonly onInput: (value: string) => void;
}

export function Text({ name, value, placeholder, required = false, maxLength, onInput }: TextProps) {
  return (
    <Field name={name}>
      {(id) => (
        <input
          id={id}
          type="text"
          spellcheck={false}
          autocomplete="off"
          required={required}
          placeholder={placeholder}
          maxLength={maxLength}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
