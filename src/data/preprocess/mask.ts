// Binary images and their morphology; every function returns a new mask.

/** Row-major, height × width; 1 is in the mask. */
export interface Mask {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

/** Height and width of the square neighbourhood are 2 · radius + 1; what is outside the image counts as the nearest inside. */
export function erode(mask: Mask, radius: number): Mask {
  return invert(dilate(invert(mask), radius));
}

export function dilate({ height, width, data }: Mask, radius: number): Mask {
  const spread = (source: Uint8Array, lines: number, line: number, length: number, step: number) => {
    const result = new Uint8Array(source.length);
    for (let l = 0; l < lines; l++) {
      let until = 0;
      for (let i = 0; i < length + radius; i++) {
        if (i < length && source[l * line + i * step]) until = i + 2 * radius + 1;
        if (i >= radius && i < until) result[l * line + (i - radius) * step] = 1;
      }
    }
    return result;
  };
  const along = spread(data, height, width, width, 1);
  return { height, width, data: spread(along, width, 1, height, width) };
}

const invert = ({ data, ...size }: Mask): Mask => ({ ...size, data: data.map((value) => 1 - value) });

/**
 * Removes what is thinner than 2 · radius + 1 pixels and keeps the outline of the rest: an opening, grown back within
 * the mask by a little more than the erosion took.
 */
export function removeThin(mask: Mask, radius: number): Mask {
  let kept = dilate(erode(mask, radius), radius);
  for (let round = 0; round < 2; round++) {
    const grown = dilate(kept, Math.max(1, radius >> 1));
    kept = { ...mask, data: grown.data.map((value, index) => value & mask.data[index]) };
  }
  return kept;
}

/** A connected part of a mask, with the cells that it spans. */
export interface Component {
  readonly mask: Mask;
  readonly area: number;
  readonly top: number;
  readonly left: number;
  /** Exclusive. */
  readonly bottom: number;
  readonly right: number;
}

/** The 4-connected parts of a mask with at least `leastArea` pixels, the largest first. */
export function components({ height, width, data }: Mask, leastArea: number): Component[] {
  const seen = new Uint8Array(data.length);
  const found: Component[] = [];
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || seen[start]) continue;
    const cells = flood(start, { height, width, data }, seen);
    if (cells.length >= leastArea) found.push(componentOf(cells, height, width));
  }
  return found.sort((a, b) => b.area - a.area);
}

function flood(start: number, { height, width, data }: Mask, seen: Uint8Array): number[] {
  const cells = [start];
  seen[start] = 1;
  const visit = (cell: number) => {
    if (!data[cell] || seen[cell]) return;
    seen[cell] = 1;
    cells.push(cell);
  };
  for (let next = 0; next < cells.length; next++) {
    const cell = cells[next];
    const column = cell % width;
    if (column > 0) visit(cell - 1);
    if (column < width - 1) visit(cell + 1);
    if (cell >= width) visit(cell - width);
    if (cell < (height - 1) * width) visit(cell + width);
  }
  return cells;
}

function componentOf(cells: readonly number[], height: number, width: number): Component {
  const data = new Uint8Array(height * width);
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (const cell of cells) {
    data[cell] = 1;
    const [row, column] = [Math.floor(cell / width), cell % width];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
  }
  return { mask: { height, width, data }, area: cells.length, top, left, bottom, right };
}
