// Sends a file of this machine to the kernel, in parts that Jupyter's messages hold.
import type { Link } from "../kernel/link.js";

/** Bytes of a part: a multiple of three, so that its base64 has no padding. */
const PART = 3 << 20;

/** Sends a file; returns the name that the kernel knows it by, or null if `signal` has stopped it. */
export async function sendFile(
  link: Pick<Link, "call">,
  file: Blob,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<string | null> {
  const upload = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  try {
    for (let begin = 0; begin < file.size; begin += PART) {
      onProgress(begin / file.size);
      const part = new Uint8Array(await file.slice(begin, begin + PART).arrayBuffer());
      if (signal.aborted) {
        return null;
      }
      const sent = link.call("models.receive", { upload, size: file.size, data: base64(part) });
      await Promise.race([sent, stopped]); // a kernel that does not answer can be left at once
    }
    return signal.aborted ? null : upload;
  } finally {
    if (signal.aborted) {
      await link.call("models.drop_upload", { upload });
    }
  }
}

function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let begin = 0; begin < bytes.length; begin += 0x8000) {
    pieces.push(String.fromCharCode(...bytes.subarray(begin, begin + 0x8000)));
  }
  return btoa(pieces.join(""));
}
