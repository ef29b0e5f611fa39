// Form for the parameters of a file's loader, made of their schema.

import { type Signal, signal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Format } from "../contract.js";
import { Field } from "../ui/Field.js";
import { shortPath } from "../ui/format.js";
import { LoadActions } from "./LoadActions.js";
import {
  type Entered,
  type Fields,
  fieldsOf,
  keyOf,
  labelOf,
  mistakeOf,
  parametersOf,
  type SchemaField,
  wordsOf,
} from "./schema.js";

export interface FileOptions {
  readonly fields: Fields;
  readonly values: Signal<Entered>;
  /** The parameters, as they are entered now. */
  read(): Record<string, unknown>;
}

/** What is entered for the parameters of a format; another format starts anew. */
export function useFileOptions(format: Format | null): FileOptions {
  return useMemo(() => {
    const fields = format ? fieldsOf(format.parameters, format.defaults) : { fields: [], left: [] };
    const values = signal<Entered>({});
    // A loader whose schema tells no parameters may know some all the same.
    const read = () => ({
      ...(fields.fields.length > 0 ? {} : format?.defaults),
      ...parametersOf(fields.fields, values.value),
    });
    return { fields, values, read };
  }, [format]);
}

interface FileFieldsProps {
  readonly options: FileOptions;
  readonly onChange?: () => void;
}

export function FileFields({ options, onChange }: FileFieldsProps) {
  return <SchemaFields fields={options.fields} values={options.values} {...(onChange && { onChange })} />;
}

interface SchemaFieldsProps {
  readonly fields: Fields;
  readonly values: Signal<Entered>;
  readonly onChange?: () => void;
}

export function SchemaFields({ fields, values, onChange }: SchemaFieldsProps) {
  const groups = [...new Set(fields.fields.map(groupOf))];
  return (
    <div class="bw-options">
      {groups.map((group) => {
        const controls = fields.fields
          .filter((field) => groupOf(field) === group)
          .map((field) => (
            <Control
              key={keyOf(field)}
              field={field}
              value={values.value[keyOf(field)] ?? field.initial}
              onChange={(value) => {
                onChange?.();
                values.value = { ...values.value, [keyOf(field)]: value };
              }}
            />
          ));
        return group === "" ? (
          controls
        ) : (
          <fieldset key={group} class="bw-group">
            <legend>{labelOf(group)}</legend>
            {controls}
          </fieldset>
        );
      })}
      {fields.left.length > 0 && <p class="bw-hint">{`Only from Python: ${fields.left.join(", ")}.`}</p>}
    </div>
  );
}

function groupOf({ path }: SchemaField): string {
  return path.slice(0, -1).join(".");
}

interface FileFormProps {
  readonly name: string;
  readonly format: Format;
  readonly busy: boolean;
  readonly onBack: () => void;
  readonly onChange: () => void;
  readonly onLoad: (options: Readonly<Record<string, unknown>>) => void;
}

export function FileForm({ name, format, busy, onBack, onChange, onLoad }: FileFormProps) {
  const options = useFileOptions(format);
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    // What has to be filled in, or else the button: Enter loads.
    form.current?.querySelector<HTMLElement>(":invalid:not(fieldset), .bw-primary")?.focus({ preventScroll: true });
  }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    onLoad(options.read());
  };
  return (
    <form class="bw-form" ref={form} onSubmit={submit}>
      <p class="bw-path-name" title={name}>
        {shortPath(name)}
      </p>
      <FileFields options={options} onChange={onChange} />
      <LoadActions busy={busy} onBack={onBack} />
    </form>
  );
}

interface ControlProps {
  readonly field: SchemaField;
  readonly value: string | boolean;
  readonly onChange: (value: string | boolean) => void;
}

function Control({ field, value, onChange }: ControlProps) {
  const input = useRef<HTMLInputElement>(null);
  const mistake = mistakeOf(field, value);
  useLayoutEffect(() => input.current?.setCustomValidity(mistake), [mistake]);
  if (field.kind === "boolean") {
    return (
      <label class="bw-check">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
        {field.label}
      </label>
    );
  }
  if (field.kind === "choice") {
    return (
      <Field name={field.label}>
        {(id) => (
          <select
            id={id}
            required={field.required}
            value={String(value)}
            onChange={(event) => onChange(event.currentTarget.value)}
          >
            {value === "" && <option value="">{field.required ? "Choose" : "As it is"}</option>}
            {field.options.map((option) => (
              <option key={option} value={option}>
                {wordsOf(option)}
              </option>
            ))}
          </select>
        )}
      </Field>
    );
  }
  if (field.kind === "color") {
    return (
      <Field name={field.label}>
        {(id) => (
          <input id={id} type="color" value={String(value)} onInput={(event) => onChange(event.currentTarget.value)} />
        )}
      </Field>
    );
  }
  return (
    <Field name={field.label}>
      {(id) => (
        <input
          id={id}
          ref={input}
          type="text"
          spellcheck={false}
          autocomplete="off"
          required={field.required}
          inputMode={field.kind === "string" || field.kind === "texts" ? "text" : "decimal"}
          placeholder={placeholder(field)}
          aria-invalid={mistake !== "" && value !== ""}
          title={mistake}
          value={String(value)}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

function placeholder({ kind, length, required }: SchemaField): string {
  const example = kind === "numbers" ? Array.from({ length: length ?? 3 }, (_, index) => index + 1).join(", ") : "";
  return required ? example : "all";
}
