// Whether Binder has ended the session of this page: JupyterHub answers in the place of its Jupyter server.

const DEADLINE_MS = 5000;
/** What JupyterHub says of a server that it does not have (any more); a Jupyter server never says so of its own API. */
const GONE = [404, 410, 424];

/** `base` is the path of the page's Jupyter server. */
export async function hasEnded(base: string): Promise<boolean> {
  try {
    const answer = await fetch(`${base}api/status`, { cache: "no-store", signal: AbortSignal.timeout(DEADLINE_MS) });
    return GONE.includes(answer.status);
  } catch {
    return false; // without a network nobody knows
  }
}
