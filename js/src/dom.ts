// Elements without markup: data only ever becomes text or an attribute's value.

type Listeners = { [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => void };
type Attributes = Record<string, string | number | boolean | null | undefined>;
export type Child = Node | string;

/** An element with attributes (true sets an empty one, false and null none), listeners (`onclick`, …) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  children: readonly Child[] = [],
  listeners: Listeners = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const [name, listener] of Object.entries(listeners)) {
    element.addEventListener(name.slice(2), listener as EventListener);
  }
  element.append(...children);
  return element;
}

/** Sets text only where it changed, so that a live region does not say it twice. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Strokes on a 16 × 16 grid. */
const ICONS = {
  folder: "M2 4.5h4l1.5 2H14v6.5H2z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  close: "M4 4l8 8M12 4l-8 8",
  panel: "M2 3h12v10H2zM10 3v10",
  reset: "M3 8a5 5 0 1 1 1.5 3.6M3 12.5V9h3.5",
} as const;

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "bw-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name: keyof typeof ICONS, label: string, onclick: () => void): HTMLButtonElement {
  const attributes = { type: "button", class: "bw-icon-button", title: label, "aria-label": label };
  return h("button", attributes, [icon(name)], { onclick });
}

export function button(label: string, onclick: () => void, kind: "primary" | "plain" = "plain"): HTMLButtonElement {
  return h("button", { type: "button", class: `bw-button bw-${kind}` }, [label], { onclick });
}

/** A control with its name in front of it; not inside a label, which would take a select's choices for its name. */
export function field(name: string, control: HTMLElement, ...more: Child[]): HTMLElement {
  control.id = `bw-${Math.random().toString(36).slice(2)}`;
  return h("div", { class: "bw-field" }, [h("label", { for: control.id }, [name]), control, ...more]);
}

export function options(select: HTMLSelectElement, choices: readonly (readonly [value: string, label: string])[]): void {
  select.replaceChildren(...choices.map(([value, label]) => h("option", { value }, [label])));
}
