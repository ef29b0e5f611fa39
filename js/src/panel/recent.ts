// Files that were loaded before, kept by the browser: paths on one place only, no addresses, no tokens.
import type { JobState } from "../contract.js";

const KEY = "brayns-widget:recent";
const MOST = 12;

/** What tells the places of jobs apart: the host's name, without credentials. */
export function placeOf({ master, renderer }: Pick<JobState, "master" | "renderer">): string {
  const address = master ?? renderer;
  if (address === null) {
    return "local";
  }
  try {
    return new URL(address).host;
  } catch {
    return "elsewhere";
  }
}

/** The files that were loaded there, the last one first. */
export function recentFiles(place: string): readonly string[] {
  const known = read()[place];
  return Array.isArray(known) ? known.filter((path) => typeof path === "string") : [];
}

export function remember(place: string, path: string): void {
  const files = [path, ...recentFiles(place).filter((other) => other !== path)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...read(), [place]: files }));
  } catch {
    // Some pages, such as those of VS Code, may keep nothing.
  }
}

function read(): Readonly<Record<string, unknown>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The folder of a file. */
export function folderOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, "") || "/";
}
