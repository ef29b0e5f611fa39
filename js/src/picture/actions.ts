// What can be done with the selected cells at once, in the picture and in the panel.

/** Calls of the group `selection`. */
export type Action = "frame" | "isolate" | "hide" | "show_all";

export const ACTION_KEYS: Readonly<Record<Action, string>> = { frame: "F", isolate: "I", hide: "H", show_all: "A" };
