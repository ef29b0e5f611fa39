// Formats of numbers and names for people.

export function formatBytes(size: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let power = 0;
  let value = size;
  while (value >= 1000 && power < units.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** The end of a path, which people recognize circuits by. */
export function shortPath(path: string): string {
  const parts = path.split(/[\\/]/);
  return parts.length > 3 ? `…/${parts.slice(-2).join("/")}` : path;
}

/** The ends of a range with enough digits to tell them apart. */
export function formatRange([low, high]: readonly [number, number]): [string, string] {
  const span = high - low || Math.abs(low) || 1;
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const format = (value: number) => {
    if (value !== 0 && (largest >= 1e7 || span < 1e-4)) {
      return value.toExponential(2).replace(/\.?0*e\+?/, "e");
    }
    const digits = Math.max(2 - Math.floor(Math.log10(Math.abs(span))), 0);
    // Adding 0 turns -0 into 0, which has no sign.
    return (Number(value.toFixed(digits)) + 0).toLocaleString("en", { maximumFractionDigits: digits });
  };
  return [format(low), format(high)];
}

/** What servers say they are doing, with one style of ellipsis. */
export function tidy(text: string): string {
  return text.replace(/\s*(\.\.\.|…)$/, "…");
}

/** A type of section in words, such as "apical dendrite". */
export function formatSection(type: string): string {
  return type.replaceAll("_", " ");
}
