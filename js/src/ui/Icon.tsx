// Icons for buttons and rows.

/** Strokes on a 16 × 16 grid. */
const ICONS = {
  folder: "M2 4.5h4l1.5 2H14v6.5H2z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  panel: "M2 3h12v10H2zM10 3v10",
  pin: "M6 2h4l-.5 4.5L12 9H4l2.5-2.5zM8 9v5",
  copy: "M6 6h7.5v7.5H6zM3 10V2.5h7.5",
  orbit: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M2.5 8c0 2.8 11 2.8 11 0",
  rectangle: "M2.5 5V3H5M7 3h2M11 3h2.5v2M13.5 7v2M13.5 11v2H11M9 13H7M5 13H2.5v-2M2.5 9V7",
  lasso: "M8 2.5c3.3 0 6 1.7 6 3.9s-2.7 3.9-6 3.9-6-1.7-6-3.9 2.7-3.9 6-3.9M5.2 10c-1.7.5-1.7 2.4-.2 2.7s1.4 1 .8 1.8",
  corner: "M2 3h12v10H2zM8 3v5H2",
  legend: "M2.5 4h2M7 4h6.5M2.5 8h2M7 8h6.5M2.5 12h2M7 12h6.5",
  clock: "M8 2.5a5.5 5.5 0 1 0 .01 0M8 5v3.2l2.2 1.5",
  undo: "M6 2.5L3 5.5l3 3M3 5.5h6a4 4 0 0 1 0 8H5",
  redo: "M10 2.5l3 3-3 3M13 5.5H7a4 4 0 0 0 0 8h4",
  save: "M8 2.5v7.5M4.8 7L8 10.2L11.2 7M3 13h10",
  full: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  help: "M5.5 6.2a2.5 2.5 0 1 1 3.7 2.1c-.8.5-1.2.9-1.2 1.7M8 12.7v.1",
  focus: "M8 2v3M8 11v3M2 8h3M11 8h3M8 5.5a2.5 2.5 0 1 0 .01 0",
  rename: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3zM9.5 4.2l2.3 2.3",
  reset: "M3 8a5 5 0 1 1 1.5 3.6M3 12.5V9h3.5",
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 16 16" class="bw-icon" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}
