// Cards of what was picked, and rings around its places.
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { useView } from "../context.js";
import { Button, IconButton } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { useCopying } from "../ui/copying.js";
import { Problem } from "../ui/Problem.js";
import { type Card, cellOf, factsOf, ownerOf, titleOf, whoOf } from "./picking.js";

/** `canvas` gets the focus of a card that closes. */
export function Cards({ canvas }: { readonly canvas: RefObject<HTMLCanvasElement | null> }) {
  const { picture } = useView();
  /** The card under the pointer or with the focus, whose ring stands out. */
  const active = useSignal(-1);
  const cards = picture.picking.cards.value;
  return (
    <>
      {cards.map((card) => (
        <Ring key={card.picked.number} card={card} active={cards.length > 1 && active.value === card.picked.number} />
      ))}
      <div class="bw-cards" hidden={cards.length === 0}>
        {cards.map((card) => (
          <CardView
            key={card.picked.number}
            card={card}
            onActive={(on) => {
              active.value = on ? card.picked.number : -1;
            }}
            onClose={() => canvas.current?.focus({ preventScroll: true })}
          />
        ))}
      </div>
    </>
  );
}

interface CardProps {
  readonly card: Card;
  readonly onActive: (on: boolean) => void;
  readonly onClose: () => void;
}

function CardView({ card, onActive, onClose }: CardProps) {
  const { picked, pinned } = card;
  const { picking, partners } = useView().picture;
  const copying = useCopying();
  const commands = useCommands();
  const root = useRef<HTMLElement>(null);
  const title = titleOf(picked);
  const cell = cellOf(picked);
  const facts = factsOf(picked);
  const problems = [picked.section_problem, picked.attributes_problem].filter(Boolean);
  const copy = () => {
    const text = [...whoOf(picked), ...facts].map(([name, value]) => `${name}: ${value}`).join("\n");
    copying(text, root.current);
  };
  const close = () => {
    void picking.close(card);
    onClose();
  };
  const clear = () => {
    if (!pinned) {
      void picking.clear(); // as on the canvas
    }
    close();
  };
  return (
    <article
      ref={root}
      class="bw-card"
      aria-label={title}
      onPointerEnter={() => onActive(true)}
      onPointerLeave={() => onActive(false)}
      onFocusIn={() => onActive(true)}
      onFocusOut={() => onActive(false)}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          clear();
        }
      }}
    >
      <header class="bw-card-head">
        <p class="bw-card-title" title={title}>
          <span>{ownerOf(picked)}</span>
          {picked.cell !== null && <span>{` · ${picked.cell}`}</span>}
        </p>
        <IconButton icon="copy" label="Copy" onClick={copy} />
        <IconButton
          icon="pin"
          label="Pin"
          title={pinned ? "Unpin: the next pick takes its place" : "Pin: keep it while others are picked"}
          pressed={pinned}
          onClick={() => void (pinned ? picking.unpin(picked) : picking.pin(picked))}
        />
        <IconButton icon="close" label="Close" onClick={close} />
      </header>
      {/* biome-ignore lint/a11y: without the focus keys could not scroll it, and a fieldset is for controls */}
      <div class="bw-card-body" tabIndex={0} role="group" aria-label="Facts">
        <dl>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt title={name}>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {problems.map((problem) => (
          <p key={problem} class="bw-card-problem">
            {problem}
          </p>
        ))}
      </div>
      {cell && (
        <div class="bw-card-acts">
          <Button
            label={`Partners of cell ${cell.cell}`}
            title="Show the cells that synapses join with it, and let all others fade"
            disabled={commands.busy.value}
            onClick={() => void partners.start(cell, commands)}
          >
            Partners
          </Button>
        </div>
      )}
      <Problem of={commands} />
    </article>
  );
}

function Ring({ card, active }: { readonly card: Card; readonly active: boolean }) {
  const { picture } = useView();
  const { position } = card.picked;
  const point = position && picture.pointOf(position);
  if (!point) {
    return null;
  }
  return (
    <span
      class="bw-ring"
      aria-hidden="true"
      data-active={active || undefined}
      style={{ left: `${100 * point.x}%`, top: `${100 * point.y}%` }}
    />
  );
}
