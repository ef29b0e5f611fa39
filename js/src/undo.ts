// Keys that undo and redo what was done to the scene.
import { isTextField } from "./ui/fields.js";

/** Calls of the group `history`. */
export type Travel = "undo" | "redo";

export const TRAVEL_KEYS: Readonly<Record<Travel, string>> = { undo: "Ctrl+Z", redo: "Ctrl+Shift+Z" };

/** What the keys ask for: Ctrl+Z, or ⌘Z, undoes; with Shift, or as Ctrl+Y, they redo. */
export function travelBy({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): Travel | null {
  const letter = key.toLowerCase();
  if (altKey || ctrlKey === metaKey) {
    return null;
  }
  if (letter === "z") {
    return shiftKey ? "redo" : "undo";
  }
  return letter === "y" && ctrlKey && !shiftKey ? "redo" : null;
}

/** Calls `travel` when the keys are pressed anywhere in a view, but in a field for text, which has an undo of its own. */
export function listenForTravel(root: HTMLElement, travel: (way: Travel) => void, signal: AbortSignal): void {
  root.addEventListener(
    "keydown",
    (event) => {
      const way = travelBy(event);
      if (way && !isTextField(event.target)) {
        travel(way);
        event.preventDefault();
      }
    },
    { signal },
  );
}
