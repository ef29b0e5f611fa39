// Buttons that undo and redo what was done to the scene, and say what that is.
import { useView } from "../context.js";
import { IconButton } from "../ui/Button.js";
import { TRAVEL_KEYS, type Travel } from "../undo.js";

const NAMES: Readonly<Record<Travel, string>> = { undo: "Undo", redo: "Redo" };

export function TravelButtons() {
  return (
    <>
      <TravelButton way="undo" />
      <TravelButton way="redo" />
    </>
  );
}

function TravelButton({ way }: { readonly way: Travel }) {
  const { picture, traits } = useView();
  const what = traits.history.value[way];
  const label = what ? `${NAMES[way]}: ${what}` : NAMES[way];
  return (
    <IconButton
      icon={way}
      label={label}
      title={what ? `${label} (${TRAVEL_KEYS[way]})` : `There is nothing to ${way}.`}
      idle={what === ""}
      onClick={() => picture.travel(way)}
    />
  );
}
