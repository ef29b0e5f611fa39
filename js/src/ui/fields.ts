// Fields for text.

const TEXT_TYPES = new Set(["text", "search", "password", "number", "email", "url", "tel"]);

/** Whether an event's target is a field for text. */
export function isTextField(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && TEXT_TYPES.has(target.type));
}
