// Files that were loaded before, kept by the browser: paths on one place only, no addresses, no tokens.
import type { JobState } from "../contract.js";
import { readStored, store } from "./stored.js";

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
  const known = readStored(KEY)[place];
  return Array.isArray(known) ? known.filter((path) => typeof path === "string") : [];
}

export function remember(place: string, path: string): void {
  const files = [path, ...recentFiles(place).filter((other) => other !== path)].slice(0, MOST);
  store(KEY, { [place]: files });
}

/** The folder of a file. */
export function folderOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, "") || "/";
}
