// From the numbers that a DICOM file stores to brightness on screen: modality LUT, VOI LUT or window, photometric
// interpretation (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2). As stored values have 16 bits at most, the whole is one table.

export interface StoredFormat {
  /** Of the stored values, and whether they are two's complements. */
  readonly bits: number;
  readonly signed: boolean;
}

/** A LUT sequence's only item: what the first mapped value is, and the entries from it on. */
export interface LookupTable {
  readonly first: number;
  readonly bits: number;
  readonly entries: ArrayLike<number>;
}

export interface Window {
  readonly center: number;
  readonly width: number;
  readonly shape: "LINEAR" | "LINEAR_EXACT" | "SIGMOID";
}

export interface Intensity {
  readonly format: StoredFormat;
  readonly modality: LookupTable | { readonly slope: number; readonly intercept: number };
  /** Absent: the whole range of the modality's values. */
  readonly interest?: LookupTable | Window;
  /** Whether small values are bright (MONOCHROME1). */
  readonly inverted: boolean;
  /** Stored values of pixels that no detector element has seen. */
  readonly padding?: { readonly from: number; readonly to: number };
}

const lookUp = ({ first, entries }: LookupTable, value: number): number =>
  entries[Math.min(Math.max(Math.round(value) - first, 0), entries.length - 1)];

/** A value's place between black, 0, and white, 1 (PS3.3 C.11.2.1.2 and C.11.2.1.3). */
function throughWindow({ center, width, shape }: Window, value: number): number {
  if (shape === "SIGMOID") return 1 / (1 + Math.exp((-4 * (value - center)) / width));
  const place =
    shape === "LINEAR"
      ? width > 1
        ? (value - (center - 0.5)) / (width - 1) + 0.5
        : Number(value > center - 0.5)
      : (value - center) / width + 0.5;
  return Math.min(Math.max(place, 0), 1);
}

/** The least and the greatest of what `of` gives over the stored values. */
function rangeOf(of: (stored: number) => number, low: number, high: number): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let stored = low; stored <= high; stored++) {
    const value = of(stored);
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

/**
 * Brightness, 0 to 2^bits − 1, of every bit pattern of a stored value. Padding becomes 0, and 0 nothing else then.
 * @returns 2^bits entries: those of negative values behind the others, as their patterns are.
 */
export function brightnessTable({ format, modality, interest, inverted, padding }: Intensity): Uint16Array {
  const { bits, signed } = format;
  const count = 2 ** bits;
  const [low, high] = signed ? [-count / 2, count / 2 - 1] : [0, count - 1];
  const toModality = (stored: number): number =>
    "entries" in modality ? lookUp(modality, stored) : stored * modality.slope + modality.intercept;
  const place = placement(interest, () => rangeOf(toModality, low, high));
  const darkest = padding ? 1 : 0;
  const table = new Uint16Array(count);
  for (let stored = low; stored <= high; stored++) {
    const share = place(toModality(stored));
    const bright = inverted ? 1 - share : share;
    table[stored < 0 ? stored + count : stored] = darkest + Math.round(bright * (count - 1 - darkest));
  }
  if (padding)
    for (let stored = Math.max(padding.from, low); stored <= Math.min(padding.to, high); stored++)
      table[stored < 0 ? stored + count : stored] = 0;
  return table;
}

function placement(
  interest: Intensity["interest"],
  range: () => [number, number],
): (value: number) => number {
  if (!interest) {
    const [least, greatest] = range();
    return (value) => (greatest > least ? (value - least) / (greatest - least) : 0);
  }
  if ("entries" in interest) {
    const top = 2 ** interest.bits - 1;
    return (value) => Math.min(lookUp(interest, value) / top, 1);
  }
  return (value) => throughWindow(interest, value);
}
