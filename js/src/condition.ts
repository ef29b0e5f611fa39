// What a view tells of itself: one sentence, and what helps.
import type { Activity, State, Status } from "./contract.js";
import type { Presence } from "./kernel/presence.js";
import { tidy } from "./ui/format.js";

/** "restore" brings job and scene back; "start" starts the first job; "reconnect" connects to Jupyter again. */
export type Remedy = "start" | "restore" | "reconnect";

export interface Condition {
  /** The job's, or "waiting" while something does not answer, or "lost" without a kernel. */
  readonly state: State | "waiting" | "lost";
  readonly text: string;
  /** What the user can do about it, or "". */
  readonly hint: string;
  readonly remedy: Remedy | null;
  /** Whether the picture shows only what has been. */
  readonly past: boolean;
}

export interface Facts {
  readonly presence: Presence;
  readonly status: Status;
  /** Whether all that was loaded has gone with its renderer. */
  readonly gone: boolean;
  readonly progress: Activity | null;
  /** Whether the view can be seen but has no picture yet. */
  readonly blank: boolean;
  /** Whether a picture was asked for some time ago. */
  readonly late: boolean;
  /** Whether pictures come without the kernel, over a socket of the page's own. */
  readonly plugged: boolean;
  /** Whether what makes the pictures does not answer or is gone. */
  readonly unmade: boolean;
  /** Whether the kernel runs, or ran, on Binder. */
  readonly binder: boolean;
}

const RUN_AGAIN = "Run the cell again.";

const LOST: Record<Exclude<Presence, "here" | "busy" | "offline">, readonly [text: string, hint: string]> = {
  silent: ["The kernel does not answer.", `If it was restarted, run the cell again. If it is stuck, interrupt it.`],
  unreachable: ["The connection to Jupyter is lost.", ""],
  ended: ["The kernel has ended.", `Start it. ${RUN_AGAIN}`],
  discarded: ["Binder has ended this session.", "Files that were not downloaded are gone. Open the Binder link again."],
  restarted: ["The kernel was restarted.", RUN_AGAIN],
  stopped: ["The kernel has stopped.", `Start it. ${RUN_AGAIN}`],
};

const ENDED: readonly Presence[] = ["ended", "restarted", "stopped"];
const BINDER = "Binder ends a kernel that needs too much memory.";

const BROKEN: readonly State[] = ["stale", "ended", "failed"];

export function judge({ presence, status, gone, progress, blank, late, plugged, unmade, binder }: Facts): Condition {
  const told = { hint: "", remedy: null, past: false } as const;
  if (plugged && (presence === "busy" || presence === "silent")) {
    // Kernel and pictures come by one server, and by nothing else.
    const text = late
      ? "Jupyter does not answer. The view follows when it does."
      : "The kernel is busy. The panel follows when it answers.";
    return { ...told, state: "waiting", text };
  }
  if (presence === "busy") {
    return { ...told, state: "waiting", text: "The kernel is busy. The view follows when it answers." };
  }
  if (presence === "offline") {
    return { ...told, state: "waiting", text: "The kernel does not answer, and this computer is offline." };
  }
  if (presence !== "here") {
    const [text, help] = LOST[presence];
    const hint = binder && ENDED.includes(presence) ? `${help} ${BINDER}` : help;
    return { state: "lost", text, hint, remedy: presence === "unreachable" ? "reconnect" : null, past: true };
  }
  const { state } = status;
  const text = tidy(status.text || state);
  if (BROKEN.includes(state)) {
    return { ...told, state, text, remedy: state === "stale" ? null : "restore", past: true };
  }
  if (state === "asleep") {
    return { ...told, state, text, remedy: "restore", past: true };
  }
  if (state !== "ready") {
    return { ...told, state, text, remedy: state === "idle" ? "start" : null };
  }
  if (progress) {
    return { ...told, state: "starting", text: tidy(progress.operation) };
  }
  if (gone) {
    return {
      ...told,
      state: "ended",
      text: "What was loaded has gone with its renderer.",
      remedy: "restore",
      past: true,
    };
  }
  if (unmade) {
    const text = "The process that makes the pictures does not answer. Another one will take its place.";
    return { ...told, state: "waiting", text };
  }
  if (late) {
    return { ...told, state: "waiting", text: "The renderer does not answer. The picture follows when it does." };
  }
  return blank ? { ...told, state: "starting", text: "The first picture is being drawn…" } : { ...told, state, text };
}
