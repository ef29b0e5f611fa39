// Saved views: look at one, rename or forget it, save the present one.
import { useSignal } from "@preact/signals";
import { useView } from "../context.js";
import { PARAMETERS } from "../contract.js";
import { Button, IconButton } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { Problem } from "../ui/Problem.js";
import { Rename } from "../ui/Rename.js";

export function Views() {
  const { link, picture, traits } = useView();
  const commands = useCommands();
  const fresh = useSignal("");
  /** The view that is being renamed. */
  const renamed = useSignal<string | null>(null);
  const busy = commands.busy.value;
  const name = fresh.value.trim();
  const end = async (old: string, chosen: string | null) => {
    renamed.value = null;
    if (chosen) {
      await commands.run(() => link.call("views.rename", { name: old, new: chosen }));
    }
  };
  return (
    <div>
      <ul class="bw-views" aria-label="Saved views" hidden={Object.keys(traits.views.value).length === 0}>
        {Object.entries(traits.views.value).map(([saved, camera]) => (
          <li key={saved}>
            {renamed.value === saved ? (
              <Rename
                name={saved}
                label={`Name of the view ${saved}`}
                maxLength={PARAMETERS["views.rename"].new.maxLength}
                onEnd={(chosen) => void end(saved, chosen)}
              />
            ) : (
              <button
                type="button"
                class="bw-view"
                title={`Look at ${saved}`}
                onClick={() => picture.lookThrough(camera)}
              >
                {saved}
              </button>
            )}
            <IconButton
              icon="rename"
              label={`Rename the view ${saved}`}
              title="Rename"
              disabled={busy}
              onClick={() => {
                renamed.value = saved;
              }}
            />
            <IconButton
              icon="close"
              label={`Forget the view ${saved}`}
              title="Forget"
              disabled={busy}
              onClick={() => void commands.run(() => link.call("views.remove", { name: saved }))}
            />
          </li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void commands.run(async () => {
            await link.call("views.save", { name });
            fresh.value = "";
          });
        }}
      >
        <Field name="Save view">
          {(id) => (
            <div class="bw-acts">
              <input
                type="text"
                id={id}
                placeholder="name"
                maxLength={PARAMETERS["views.save"].name.maxLength}
                value={fresh.value}
                onInput={(event) => {
                  fresh.value = event.currentTarget.value;
                }}
              />
              <Button title="Keep this view, also for Python" disabled={busy || !name}>
                Save
              </Button>
            </div>
          )}
        </Field>
      </form>
      <Problem of={commands} />
    </div>
  );
}
