// Where a job runs, as people type it, and the time that it has left.
import { type Calls, PARAMETERS, type Traits } from "../contract.js";

export type Job = Traits["job"];
type Params = Calls["job.connect"]["params"];
type Token = Exclude<Params["token"], undefined>;

/** The local service, a proxy master, or servers without proxies. */
export type Kind = "local" | "master" | "servers";
/** Where the token is: typed here, or at the kernel. */
export type TokenFrom = "typed" | "variable" | "file";

export const PLACES: Readonly<Record<Kind, string>> = {
  local: "Local service",
  master: "Proxy master",
  servers: "Servers without proxies",
};

export const TOKENS: Readonly<Record<TokenFrom, string>> = {
  typed: "Typed here",
  variable: "Environment variable",
  file: "File at the kernel",
};

/** What people have typed; the token is none of it. */
export interface Draft {
  readonly kind: Kind;
  readonly master: string;
  readonly slave: string;
  readonly usecase: string;
  readonly project: string;
  readonly attachTo: string;
  /** Minutes that a start may take, or "" for as many as before. */
  readonly minutes: string;
  readonly renderer: string;
  readonly backend: string;
  readonly tokenFrom: TokenFrom;
  /** Name of the environment variable or of the file. */
  readonly tokenPlace: string;
}

export const DEFAULT_VARIABLE = "BRAYNS_WIDGET_TOKEN";

/** What the form says at first; `attachTo` is the job to attach to, if there is one. */
export function draftOf(job: Job, attachTo = ""): Draft {
  return {
    kind: kindOf(job),
    master: job.master ?? "",
    slave: job.slave ?? "",
    usecase: job.usecase || PARAMETERS["job.connect"].usecase.default,
    project: job.project ?? "",
    attachTo,
    minutes: "",
    renderer: job.renderer ?? "",
    backend: job.backend ?? "",
    tokenFrom: "typed",
    tokenPlace: "",
  };
}

export function kindOf({ master, renderer }: Job): Kind {
  if (renderer !== null) {
    return "servers";
  }
  return master === null ? "local" : "master";
}

/** Where the job is, in a few words. */
export function placeOf(job: Job): string {
  return job.renderer ?? job.master ?? "Local service";
}

/** The parameters of the call that connects. */
export function paramsOf(draft: Draft, typed: string): Params {
  if (draft.kind === "local") {
    return {};
  }
  const token = tokenOf(draft, typed);
  if (draft.kind === "servers") {
    return { renderer: draft.renderer.trim(), backend: draft.backend.trim() || null, token };
  }
  return {
    master: draft.master.trim(),
    slave: draft.slave.trim() || null,
    usecase: draft.usecase.trim(),
    project: draft.project.trim() || null,
    attach_to: draft.attachTo.trim() || null,
    start_timeout: draft.minutes === "" ? null : Number(draft.minutes) * 60,
    token,
  };
}

function tokenOf({ tokenFrom, tokenPlace }: Draft, typed: string): Token {
  if (tokenFrom === "typed") {
    return typed.trim() || null;
  }
  return { [tokenFrom]: tokenPlace.trim() };
}

/** A time left in hours, minutes and seconds, such as "1:02:03". */
export function formatLeft(seconds: number): string {
  const whole = Math.max(Math.floor(seconds), 0);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const rest = `${two(minutes % 60)}:${two(whole % 60)}`;
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${rest}`;
}

/** Whether people have something to do or to see there: else it folds away. */
export function needsConnecting(state: string, job: Job): boolean {
  return (
    ["idle", "failed", "ended", "queued"].includes(state) ||
    (state === "starting" && kindOf(job) !== "local" && job.host === null)
  );
}
