// The remote jobs of this user: attach to one, or stop it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { JobEntry } from "../contract.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Problem } from "../ui/Problem.js";

const STATES: Readonly<Record<JobEntry["state"], string>> = {
  queued: "in the queue",
  starting: "starting",
  ready: "ready",
  unknown: "state unknown",
};

/** `onChoose` gets a job whose master wants another token than the present one. */
export function Jobs({ onChoose }: { readonly onChoose: (job: JobEntry) => void }) {
  const { link, traits } = useView();
  const commands = useCommands();
  /** What was listed, or null before that. */
  const found = useSignal<readonly JobEntry[] | null>(null);
  const box = useRef<HTMLDetailsElement>(null);
  const present = traits.job.value;
  const list = async () => {
    found.value = await link.call("job.list", {});
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is another one when the present job is
  useEffect(() => {
    if (box.current?.open && found.value !== null) {
      void commands.run(list);
    }
  }, [present.id, present.host]);
  const attach = (job: JobEntry) => {
    if (present.master?.replace(/\/$/, "") === job.master) {
      void commands.run(() => link.call("job.attach", { master: job.master, job_id: job.id }));
    } else {
      onChoose(job);
    }
  };
  const end = async (job: JobEntry) => {
    await link.call("job.end", { master: job.master, job_id: job.id });
    await list();
  };
  const busy = commands.busy.value;
  const jobs = found.value;
  return (
    <details
      ref={box}
      class="bw-jobs"
      onToggle={(event) => {
        if (event.currentTarget.open) {
          void commands.run(list);
        }
      }}
    >
      <summary>Your jobs</summary>
      {jobs?.length === 0 && <p class="bw-hint">No job that you have started is known to run.</p>}
      <ul aria-busy={busy}>
        {jobs?.map((job) => (
          <li key={`${job.master} ${job.id}`} class="bw-job">
            <span class="bw-job-id" title={job.id}>
              {job.id}
            </span>
            <small class="bw-hint">{describe(job)}</small>
            <div class="bw-actions">
              <Button
                label={job.is_present ? `In use: ${job.id}` : `Attach to ${job.id}`}
                disabled={busy || job.is_present}
                onClick={() => attach(job)}
              >
                {job.is_present ? "In use" : "Attach"}
              </Button>
              <Button label={`Stop ${job.id}`} disabled={busy} onClick={() => void commands.run(() => end(job))}>
                Stop
              </Button>
            </div>
          </li>
        ))}
      </ul>
      {jobs !== null && (
        <div class="bw-actions">
          <Button disabled={busy} onClick={() => void commands.run(list)}>
            List again
          </Button>
        </div>
      )}
      <Problem of={commands} />
    </details>
  );
}

function describe({ master, state, detail, usecase, project, owner, started, ends }: JobEntry): string {
  const time = (seconds: number) =>
    new Date(seconds * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  return [
    detail ? `${STATES[state]}: ${detail}` : STATES[state],
    project ? `${usecase}, ${project}` : usecase,
    `started ${time(started)} by ${owner}`,
    ends === null ? null : `ends ${time(ends)}`,
    master,
  ]
    .filter(Boolean)
    .join(" · ");
}
