// What the browser keeps for the panel, by key: objects of plain JSON, none of it secret.

/** What is kept under a key. */
export function readStored(key: string): Readonly<Record<string, unknown>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Keeps something under a key, beside what is there. */
export function store(key: string, value: Readonly<Record<string, unknown>>): void {
  try {
    localStorage.setItem(key, JSON.stringify({ ...readStored(key), ...value }));
  } catch {
    // Some pages, such as those of VS Code, may keep nothing.
  }
}
