// What is cut away: a slab that can be moved, stepped and played through the scene, and shapes.
import { useView } from "../context.js";
import type { Calls, SlabState } from "../contract.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Field } from "../ui/Field.js";
import { NumberInput } from "../ui/NumberInput.js";
import { Problem } from "../ui/Problem.js";
import { Cuts } from "./Cuts.js";

const AXES = [
  ["x", "x"],
  ["y", "y"],
  ["z", "z"],
  ["view", "The view, as it is now"],
  ["principal", "Principal axis of the cells"],
] as const;

type Changes = Calls["slab.set"]["params"];

export function Cut() {
  const { link, picture } = useView();
  const commands = useCommands();
  const slab = picture.slab.shown.value;
  const change = (changes: Changes) => {
    picture.slab.stop();
    void commands.run(() => link.call("slab.set", changes));
  };
  const busy = commands.busy.value;
  return (
    <div>
      <div class="bw-cut-switches">
        <label class="bw-check">
          <input
            type="checkbox"
            checked={slab?.on ?? false}
            disabled={busy || !slab}
            onChange={({ currentTarget }) => change({ on: currentTarget.checked })}
          />
          Show a slab only
        </label>
        {slab?.on && (
          <label class="bw-check" title="Show what lies beside the slab">
            <input
              type="checkbox"
              checked={slab.invert}
              disabled={busy}
              onChange={({ currentTarget }) => change({ invert: currentTarget.checked })}
            />
            Inverted
          </label>
        )}
      </div>
      {!slab && <p class="bw-note">This renderer has no slab.</p>}
      {slab?.on && <Numbers slab={slab} busy={busy} change={change} />}
      <Cuts commands={commands} />
      <Problem of={commands} />
      <Problem of={picture.slab.commands} />
      <Problem of={picture.cuts.commands} />
    </div>
  );
}

interface NumbersProps {
  readonly slab: SlabState;
  readonly busy: boolean;
  readonly change: (changes: Changes) => void;
}

function Numbers({ slab, busy, change }: NumbersProps) {
  const { slab: mover } = useView().picture;
  const reach = mover.reach.value;
  const playing = mover.playing.value;
  const place = (position: number) => {
    mover.stop();
    mover.move(position);
  };
  return (
    <>
      <Field name="Axis">
        {(id) => (
          <select
            id={id}
            value={slab.axis}
            disabled={busy}
            // The same one may be chosen again, as when the view has turned.
            onChange={({ currentTarget }) => change({ axis: currentTarget.value as (typeof AXES)[number][0] })}
          >
            {AXES.map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
            {slab.axis === "own" && <option value="own">{slab.normal.map((n) => n.toFixed(2)).join(", ")}</option>}
          </select>
        )}
      </Field>
      <Field name="Position (µm)">
        {(id) => (
          <div class="bw-cut-place">
            <input
              type="range"
              id={id}
              min={reach?.[0] ?? slab.position}
              max={reach?.[1] ?? slab.position}
              step="any"
              aria-valuetext={`${Math.round(slab.position)} µm`}
              value={slab.position}
              onInput={({ currentTarget }) => place(currentTarget.valueAsNumber)}
            />
            <NumberInput label="Position of the slab, µm" value={slab.position} onChoose={place} />
          </div>
        )}
      </Field>
      <Field name="Thickness (µm)">
        {(id) => (
          <NumberInput
            id={id}
            value={slab.thickness}
            above={0}
            disabled={busy}
            onChoose={(thickness) => change({ thickness })}
          />
        )}
      </Field>
      <div class="bw-cut-acts">
        <Button label="One thickness back" title="One thickness back ([)" onClick={() => mover.step(-1)}>
          Back
        </Button>
        <Button label="Next, one thickness on" title="One thickness on (])" onClick={() => mover.step(1)}>
          Next
        </Button>
        <Button
          title={playing ? "Leave it where it is" : "Move through all that is there"}
          disabled={!reach}
          onClick={() => (playing ? mover.stop() : mover.play())}
        >
          {playing ? "Stop" : "Play"}
        </Button>
        <label class="bw-check">
          <input
            type="checkbox"
            checked={mover.loops.value}
            onChange={({ currentTarget }) => {
              mover.loops.value = currentTarget.checked;
            }}
          />
          Loop
        </label>
      </div>
    </>
  );
}
