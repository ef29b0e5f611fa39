// The formats that the renderer reads, asked once it is ready.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useView } from "../context.js";
import type { Format } from "../contract.js";

/** The formats, or null while nobody has told them. */
export function useFormats(): readonly Format[] | null {
  const { link, traits } = useView();
  const formats = useSignal<readonly Format[] | null>(null);
  const awake = traits.panel_open.value && traits.status.value.state === "ready";
  const { id, renderer } = traits.job.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the renderer of another job may read other ones
  useEffect(() => {
    if (!awake) {
      return;
    }
    let current = true;
    const ask = async () => {
      try {
        const found = await link.call("models.formats", {});
        if (current) {
          formats.value = found;
        }
      } catch {
        // Without them any file may be tried; whoever loads it says why it cannot be.
      }
    };
    void ask();
    return () => {
      current = false;
    };
  }, [awake, id, renderer, link, formats]);
  return formats.value;
}
