// The kinds of materials, asked once they are wanted and the renderer is ready.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useView } from "../context.js";
import type { MaterialKind } from "../contract.js";

/** The kinds, or none while nobody has told them. */
export function useMaterials(wanted: boolean): readonly MaterialKind[] {
  const { link, traits } = useView();
  const kinds = useSignal<readonly MaterialKind[]>([]);
  const awake = wanted && traits.status.value.state === "ready";
  const { id, renderer } = traits.job.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the renderer of another job may offer other ones
  useEffect(() => {
    if (!awake) {
      return;
    }
    let current = true;
    link.call("models.materials", {}).then(
      (found) => {
        if (current) {
          kinds.value = found;
        }
      },
      () => {}, // the view tells that the renderer does not answer
    );
    return () => {
      current = false;
    };
  }, [awake, id, renderer, link, kinds]);
  return kinds.value;
}
