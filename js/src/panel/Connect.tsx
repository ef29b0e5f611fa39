// Where the job runs: how it is there, and a form to run it elsewhere.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { type JobEntry, PARAMETERS } from "../contract.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { Problem } from "../ui/Problem.js";
import { Text } from "../ui/Text.js";
import {
  DEFAULT_VARIABLE,
  type Draft,
  draftOf,
  formatLeft,
  type Kind,
  kindOf,
  PLACES,
  paramsOf,
  placeOf,
  TOKENS,
  type TokenFrom,
} from "./connecting.js";
import { JobLog } from "./JobLog.js";
import { Jobs } from "./Jobs.js";

/** Seconds before the end from which on the time left is marked, as the kernel warns. */
const SOON = 600;
const STARTING = ["starting", "queued"];
const BROKEN = ["failed", "ended"];
const LIMITS = PARAMETERS["job.connect"];

export function Connect() {
  return (
    <div>
      <Present />
      <Elsewhere />
    </div>
  );
}

/** The job as it is now. */
function Present() {
  const { link, traits, condition } = useView();
  const commands = useCommands();
  const job = traits.job.value;
  const { state, text } = condition.value;
  const stop = () => void commands.run(() => link.call("job.stop", {}));
  const kind = kindOf(job);
  const isConnected = job.host !== null;
  const starts = STARTING.includes(state) && !isConnected;
  const leaving = kind === "servers" ? "Disconnect" : `${job.attached ? "Leave" : "Stop"} the job`;
  return (
    <>
      <dl class="bw-facts">
        <Fact name="Place">{placeOf(job)}</Fact>
        {job.id !== null && <Fact name="Job">{job.attached ? `${job.id} (attached)` : job.id}</Fact>}
        {job.node !== null && kind !== "local" && <Fact name="Node">{job.node}</Fact>}
        {job.ends !== null && (
          <Fact name="Time left">
            <TimeLeft ends={job.ends} probably={job.ends_probably} />
          </Fact>
        )}
      </dl>
      {starts && (
        <div class="bw-starting">
          <progress aria-label="Start" value={traits.progress.value?.amount ?? undefined} />
          <span>{text}</span>
        </div>
      )}
      {BROKEN.includes(state) && <p class="bw-problem">{text}</p>}
      {isConnected && <JobLog key={job.id} />}
      {job.log && (
        <details class="bw-log">
          <summary>Log of the job that has ended</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
          <pre tabIndex={0}>{job.log}</pre>
        </details>
      )}
      <div class="bw-actions">
        {(starts || isConnected) && (
          <Button disabled={commands.busy.value} onClick={stop}>
            {starts ? "Cancel the start" : leaving}
          </Button>
        )}
      </div>
      <Problem of={commands} />
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** The time that is left, counted down. */
function TimeLeft({ ends, probably }: { readonly ends: number; readonly probably: boolean }) {
  const now = useSignal(Date.now());
  useLayoutEffect(() => {
    now.value = Date.now();
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  }, [now]);
  const left = ends - now.value / 1000;
  const at = new Date(ends * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const doubt = "The proxy master tells no time zone; that of the kernel is taken.";
  return (
    <span class="bw-left" role="timer" data-soon={left < SOON || undefined} title={probably ? doubt : undefined}>
      {`${formatLeft(left)} (${probably ? "probably " : ""}until ${at})`}
    </span>
  );
}

/** What people have typed, and the place and the job that there were then. */
interface Drafted {
  readonly draft: Draft;
  readonly of: string;
  readonly job: string | null;
  /** Whether it was sent. */
  readonly sent: boolean;
}

/** The form for another place. */
function Elsewhere() {
  const { link, traits, condition } = useView();
  const commands = useCommands();
  const job = traits.job.value;
  // A job that cannot be reached may run still, and go on with a new token.
  const lost = (BROKEN.includes(condition.value.state) && job.id) || "";
  const token = useRef<HTMLInputElement>(null);
  const drafted = useSignal<Drafted | null>(null);
  const place = JSON.stringify([job.master, job.slave, job.renderer, job.backend, job.usecase, job.project]);
  const before = drafted.value;
  const isReady = traits.status.value.state === "ready" && job.host !== null;
  const isNext = before !== null && (before.of !== place || before.job !== job.id || before.draft.attachTo === job.id);
  // What was typed is of no use any more when the place has changed. What was sent is, until there is a job: the
  // attempt may fail before or after it has changed the place.
  const isOver = before !== null && (before.sent ? isReady && isNext : before.of !== place);
  useLayoutEffect(() => {
    if (isOver) {
      drafted.value = null;
    }
  }, [isOver, drafted]);
  const draft = before !== null && !isOver ? before.draft : draftOf(job, lost);
  const change = (changes: Partial<Draft>) => {
    const kept = before !== null && !isOver ? before : { of: place, job: job.id, sent: false };
    drafted.value = { ...kept, draft: { ...draft, ...changes } };
  };
  const choose = ({ id, master, slave, usecase, project }: JobEntry) => {
    change({ kind: "master", master, slave: slave ?? "", usecase, project: project ?? "", attachTo: id });
    requestAnimationFrame(() => token.current?.focus());
  };
  const connect = (event: Event) => {
    event.preventDefault();
    // It goes to the kernel once, and stays nowhere: it is no state, and its field is empty from now on.
    const params = paramsOf(draft, token.current?.value ?? "");
    if (token.current) {
      token.current.value = "";
    }
    drafted.value = { of: place, job: job.id, sent: true, draft };
    void commands.run(() => link.call("job.connect", params));
  };
  return (
    <>
      <Jobs onChoose={choose} />
      <form class="bw-form" onSubmit={connect}>
        <Field name="Run on">
          {(id) => (
            <select
              id={id}
              value={draft.kind}
              onChange={(event) => change({ kind: event.currentTarget.value as Kind })}
            >
              {Object.entries(PLACES).map(([kind, name]) => (
                <option key={kind} value={kind}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <PlaceFields draft={draft} onChange={change} />
        {draft.kind === "master" && <StartTime draft={draft} onChange={change} />}
        {draft.kind !== "local" && <TokenFields draft={draft} field={token} onChange={change} />}
        <div class="bw-actions">
          <Button primary disabled={commands.busy.value}>
            {draft.attachTo.trim() ? "Attach" : "Connect"}
          </Button>
        </div>
        <Problem of={commands} />
      </form>
    </>
  );
}

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (changes: Partial<Draft>) => void;
}

interface Line {
  readonly of: "master" | "slave" | "usecase" | "project" | "attachTo" | "renderer" | "backend";
  readonly name: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly limit: { readonly maxLength: number };
}

/** The lines of the form for each kind of place, with their limits. */
const LINES: Record<Kind, readonly Line[]> = {
  local: [],
  master: [
    { of: "master", name: "Address", placeholder: "of the proxy master", required: true, limit: LIMITS.master },
    { of: "slave", name: "Slave", placeholder: "if the master does not tell it", limit: LIMITS.slave },
    { of: "usecase", name: "Use case", required: true, limit: LIMITS.usecase },
    { of: "project", name: "Project", placeholder: "where the master asks for it", limit: LIMITS.project },
    { of: "attachTo", name: "Job", placeholder: "id, to attach to it", limit: LIMITS.attach_to },
  ],
  servers: [
    { of: "renderer", name: "Renderer", placeholder: "ws://host:5000", required: true, limit: LIMITS.renderer },
    { of: "backend", name: "Backend", placeholder: "if there is one", limit: LIMITS.backend },
  ],
};

function PlaceFields({ draft, onChange }: FieldsProps) {
  return (
    <>
      {LINES[draft.kind].map(({ of, limit, ...line }) => (
        <Text
          key={of}
          {...line}
          value={draft[of]}
          maxLength={limit.maxLength}
          onInput={(value) => onChange({ [of]: value })}
        />
      ))}
    </>
  );
}

function StartTime({ draft, onChange }: FieldsProps) {
  return (
    <Field name="Start within">
      {(id) => (
        <span class="bw-unit bw-time">
          <input
            id={id}
            type="number"
            min={LIMITS.start_timeout.exclusiveMinimum}
            step="any"
            placeholder="if not as before"
            aria-label="Start within so many minutes"
            value={draft.minutes}
            onInput={(event) => onChange({ minutes: event.currentTarget.value })}
          />
          min
        </span>
      )}
    </Field>
  );
}

interface TokenProps extends FieldsProps {
  readonly field: { current: HTMLInputElement | null };
}

function TokenFields({ draft, field, onChange }: TokenProps) {
  const from = draft.tokenFrom;
  const choose = (tokenFrom: TokenFrom) =>
    onChange({ tokenFrom, tokenPlace: tokenFrom === "variable" ? DEFAULT_VARIABLE : "" });
  return (
    <>
      <Field name="Token">
        {(id) => (
          <select id={id} value={from} onChange={(event) => choose(event.currentTarget.value as TokenFrom)}>
            {Object.entries(TOKENS).map(([kind, name]) => (
              <option key={kind} value={kind}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {from === "typed" ? (
        <input
          ref={field}
          class="bw-beside"
          type="password"
          aria-label="Token, sent to the kernel once and not kept"
          placeholder={draft.kind === "master" ? `else that of ${DEFAULT_VARIABLE}` : "if they want one"}
          autocomplete="off"
          spellcheck={false}
        />
      ) : (
        <input
          class="bw-beside"
          type="text"
          aria-label={from === "variable" ? "Name of the environment variable" : "Path of the file"}
          required
          spellcheck={false}
          autocomplete="off"
          value={draft.tokenPlace}
          onInput={(event) => onChange({ tokenPlace: event.currentTarget.value })}
        />
      )}
    </>
  );
}
