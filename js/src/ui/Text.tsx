// A line of text with its label.
import { useLayoutEffect, useRef } from "preact/hooks";
import { Field } from "./Field.js";

interface TextProps {
  readonly name: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly maxLength: number;
  /** What is wrong with it, or "". */
  readonly problem?: string;
  readonly onInput: (value: string) => void;
}

export function Text({ name, value, placeholder, required = false, maxLength, problem = "", onInput }: TextProps) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.setCustomValidity(problem), [problem]);
  return (
    <Field name={name}>
      {(id) => (
        <input
          id={id}
          ref={input}
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
