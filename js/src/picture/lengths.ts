// A round length, and how long the picture shows it.

const STEPS = [5, 2, 1] as const;

/** The longest length of 1, 2 or 5 times a power of ten that is not above `most`. */
export function roundLength(most: number): number {
  const power = Math.floor(Math.log10(most));
  // Powers of ten below 1 are not exact: a division is.
  const times = (step: number) => (power < 0 ? step / 10 ** -power : step * 10 ** power);
  return STEPS.map(times).find((length) => length <= most) ?? times(1);
}

/** A length (µm) with its unit, for people. */
export function formatLength(length: number): string {
  return length >= 1000 ? `${length / 1000} mm` : `${length} µm`;
}
