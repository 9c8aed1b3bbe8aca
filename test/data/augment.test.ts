import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../../src/base/boxes.ts";
import { RandomStream } from "../../src/base/random.ts";
import {
  type Augmentation,
  type AugmentOptions,
  augmentPair,
  drawAugmentation,
} from "../../src/data/augment.ts";
import type { PreparedPair } from "../../src/data/preprocess.ts";
import { assertClose } from "../helpers/compare.ts";

const height = 48;
const width = 64;

const still: Augmentation = {
  flip: false,
  scale: 1,
  shiftY: 0,
  shiftX: 0,
  ffdm: { gain: 1, offset: 0 },
  sm: { gain: 1, offset: 0 },
};

const full: AugmentOptions = {
  flip: 0.5,
  shift: 0.2,
  scale: [0.7, 1.4],
  gain: [0.8, 1.2],
  offset: [-0.2, 0.2],
};

/** Background 0, each box filled with 10. */
function paint(boxes: readonly Box[]): Float32Array {
  const pixels = new Float32Array(height * width);
  for (const [yMin, xMin, yMax, xMax] of boxes)
    for (let y = yMin; y < yMax; y++) pixels.fill(10, y * width + xMin, y * width + xMax);
  return pixels;
}

function pairOf(ffdmBoxes: readonly Box[], smBoxes: readonly Box[] = ffdmBoxes): PreparedPair {
  return {
    ffdm: paint(ffdmBoxes),
    sm: paint(smBoxes),
    ffdmBoxes,
    smBoxes,
    classes: ffdmBoxes.map((_, index) => index + 1),
  };
}

const apply = (pair: PreparedPair, change: Partial<Augmentation>) =>
  augmentPair(pair, height, width, { ...still, ...change });

test("nothing drawn changes nothing, to the bit", () => {
  const stream = new RandomStream(4, "still");
  const neutral: AugmentOptions = { flip: 0, shift: 0, scale: [1, 1], gain: [1, 1], offset: [0, 0] };
  const noise = (name: string) =>
    Float32Array.from({ length: height * width }, (_, index) => new RandomStream(1, name).normalAt(index));
  const pair = { ...pairOf([[3, 4, 9, 12]]), ffdm: noise("ffdm"), sm: noise("sm") };
  assert.deepEqual(augmentPair(pair, height, width, drawAugmentation(neutral, stream)), pair);
});

test("a flip mirrors pixels and boxes exactly", () => {
  const flipped = apply(pairOf([[5, 10, 15, 30]]), { flip: true });
  assert.deepEqual(flipped.ffdmBoxes, [[5, 34, 15, 54]]);
  assert.deepEqual(flipped.ffdm, paint([[5, 34, 15, 54]]));
});

test("a shift by whole pixels moves pixels and boxes and repeats the edge", () => {
  const moved = apply(pairOf([[0, 10, 15, 30]]), { shiftX: 4 / width, shiftY: 6 / height });
  assertClose(moved.ffdmBoxes[0], [6, 14, 21, 34], { absolute: 1e-9, relative: 0 }, "box");
  assertClose(moved.ffdm, paint([[0, 14, 21, 34]]), { absolute: 1e-5, relative: 0 }, "pixels");
});

test("a magnification by 2 doubles a centred box", () => {
  const grown = apply(pairOf([[20, 28, 28, 36]]), { scale: 2 });
  assert.deepEqual(grown.ffdmBoxes, [[16, 24, 32, 40]]);
  const sum = grown.ffdm.reduce((total, value) => total + value, 0);
  assertClose([sum], [10 * 16 * 16], { absolute: 0, relative: 1e-5 }, "painted area");
});

test("each image has its own intensity", () => {
  const pair = pairOf([[5, 10, 15, 30]]);
  const changed = apply(pair, { ffdm: { gain: 2, offset: 1 }, sm: { gain: 0.5, offset: -1 } });
  assert.deepEqual(
    changed.ffdm,
    pair.ffdm.map((value) => 2 * value + 1),
  );
  assert.deepEqual(
    changed.sm,
    pair.sm.map((value) => value / 2 - 1),
  );
});

test("a box is clipped, and dropped from both images when either loses more than half", () => {
  const right = (xMax: number): Box => [10, xMax - 20, 20, xMax];
  const clipped = apply(pairOf([right(60)]), { shiftX: 10 / width });
  assert.deepEqual(clipped.ffdmBoxes, [[10, 50, 20, 64]]);
  // The middle lesion leaves the SM alone by 12 of 20 columns, the first loses exactly half.
  const inside: Box = [30, 20, 40, 30];
  const mixed = apply(pairOf([right(64), right(60), inside], [right(64), right(66), inside]), {
    shiftX: 10 / width,
  });
  assert.deepEqual(mixed.classes, [1, 3]);
  assert.deepEqual(mixed.smBoxes, [
    [10, 54, 20, 64],
    [30, 30, 40, 40],
  ]);
  assert.deepEqual(mixed.ffdmBoxes, mixed.smBoxes);
});

test("a lesion stays in its box through every draw, in both images", () => {
  const ffdm: Box[] = [
    [8, 10, 16, 22],
    [30, 40, 44, 54],
  ];
  const sm = ffdm.map(([yMin, xMin, yMax, xMax]): Box => [yMin + 1, xMin + 2, yMax + 1, xMax + 2]);
  const seen = { kept: 0, dropped: 0, flipped: 0 };
  for (let draw = 0; draw < 400; draw++) {
    const drawn = drawAugmentation(full, new RandomStream(9, `draw ${draw}`));
    for (const index of [0, 1]) {
      const pair = { ...pairOf([ffdm[index]], [sm[index]]), classes: [index + 1] };
      const moved = augmentPair(pair, height, width, { ...drawn, ffdm: still.ffdm, sm: still.sm });
      assert.equal(moved.ffdmBoxes.length, moved.smBoxes.length);
      assert.deepEqual(moved.classes, moved.ffdmBoxes.length === 1 ? [index + 1] : []);
      if (moved.ffdmBoxes.length === 0) seen.dropped++;
      else {
        seen.kept++;
        assertInside(moved.ffdm, moved.ffdmBoxes[0], `draw ${draw}, FFDM`);
        assertInside(moved.sm, moved.smBoxes[0], `draw ${draw}, SM`);
      }
    }
    if (drawn.flip) seen.flipped++;
  }
  assert.ok(
    seen.kept > 500 && seen.dropped > 5 && seen.flipped > 150 && seen.flipped < 250,
    JSON.stringify(seen),
  );
});

/** The pixels above half of the lesion's brightness are those whose centres the box holds, but for its outline. */
function assertInside(pixels: Float32Array, [yMin, xMin, yMax, xMax]: Box, name: string): void {
  const distance = (centre: number, low: number, high: number) => Math.min(centre - low, high - centre);
  pixels.forEach((value, index) => {
    const inside = Math.min(
      distance(Math.floor(index / width) + 0.5, yMin, yMax),
      distance((index % width) + 0.5, xMin, xMax),
    );
    if (value > 5) assert.ok(inside > -0.75, `${name}: bright pixel ${index} is ${-inside} outside the box`);
    // What is clipped off at the image's edge is repeated there, so nothing dark can lie within the box.
    else assert.ok(inside < 0.75, `${name}: dark pixel ${index} is ${inside} within the box`);
  });
}

test("draws fill their ranges and depend on their stream alone", () => {
  const draws = Array.from({ length: 500 }, (_, index) =>
    drawAugmentation(full, new RandomStream(1, `range ${index}`)),
  );
  assert.deepEqual(draws[7], drawAugmentation(full, new RandomStream(1, "range 7")));
  const ranges: [(draw: Augmentation) => number, readonly [number, number]][] = [
    [({ scale }) => scale, full.scale],
    [({ shiftX }) => shiftX, [-full.shift, full.shift]],
    [({ shiftY }) => shiftY, [-full.shift, full.shift]],
    [({ ffdm }) => ffdm.gain, full.gain],
    [({ sm }) => sm.gain, full.gain],
    [({ ffdm }) => ffdm.offset, full.offset],
    [({ sm }) => sm.offset, full.offset],
  ];
  for (const [pick, [low, high]] of ranges) {
    const values = draws.map(pick);
    const slack = 0.02 * (high - low);
    assert.ok(Math.min(...values) >= low && Math.min(...values) < low + slack);
    assert.ok(Math.max(...values) < high && Math.max(...values) > high - slack);
  }
  const unflipped = drawAugmentation({ ...full, flip: 0 }, new RandomStream(1, "range 7"));
  assert.deepEqual({ ...draws[7], flip: false }, unflipped);
});
