// Commands of a component.
import { useMemo } from "preact/hooks";
import { Commands } from "../kernel/calls.js";

/** The commands of a component, which disables its controls while they are busy; see focus.ts. */
export function useCommands(): Commands {
  return useMemo(() => new Commands(), []);
}
