import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../../src/base/boxes.ts";
import { RandomStream } from "../../src/base/random.ts";
import { affineOf, transformBox } from "../../src/data/affine.ts";
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

test("options that are left out change nothing that others draw", () => {
  const more: AugmentOptions = {
    ...full,
    rotation: 15,
    shear: 25,
    gamma: [0.8, 1.25],
    noise: 0.2,
    cutout: 0.2,
  };
  const plain = drawAugmentation(full, new RandomStream(1, "more"));
  const drawn = drawAugmentation(more, new RandomStream(1, "more"));
  for (const field of ["flip", "scale", "shiftY", "shiftX"] as const)
    assert.equal(drawn[field], plain[field]);
  assert.deepEqual([drawn.ffdm.gain, drawn.sm.offset], [plain.ffdm.gain, plain.sm.offset]);
  assert.equal(plain.rotation, 0);
  assert.ok(Math.abs(drawn.rotation ?? 0) > 0 && drawn.ffdm.gamma !== drawn.sm.gamma);
});

/** Background 0, an ellipse inscribed in the box filled with 10. */
function paintEllipse([yMin, xMin, yMax, xMax]: Box): Float32Array {
  return Float32Array.from({ length: height * width }, (_, index) => {
    const y = (2 * (Math.floor(index / width) + 0.5) - yMin - yMax) / (yMax - yMin);
    const x = (2 * ((index % width) + 0.5) - xMin - xMax) / (xMax - xMin);
    return y * y + x * x < 1 ? 10 : 0;
  });
}

test("a turned and slanted lesion fills its box", () => {
  const options: AugmentOptions = { ...full, rotation: 25, shear: 25, shift: 0.05 };
  const box: Box = [18, 24, 32, 42];
  const pair: PreparedPair = {
    ffdm: paintEllipse(box),
    sm: paintEllipse(box),
    ffdmBoxes: [box],
    smBoxes: [box],
    classes: [1],
  };
  for (let draw = 0; draw < 200; draw++) {
    const drawn = drawAugmentation(options, new RandomStream(3, `turn ${draw}`));
    const moved = augmentPair(pair, height, width, { ...drawn, ffdm: still.ffdm, sm: still.sm });
    const lit = [...moved.ffdm.keys()].filter((index) => moved.ffdm[index] > 5);
    const rows = lit.map((index) => Math.floor(index / width));
    const columns = lit.map((index) => index % width);
    const bounds = [Math.min(...rows), Math.min(...columns), Math.max(...rows) + 1, Math.max(...columns) + 1];
    assertClose(moved.ffdmBoxes[0], bounds, { absolute: 1.2, relative: 0 }, `draw ${draw}`);
    assert.deepEqual(moved.sm, moved.ffdm);
  }
});

test("a quarter turn to the left takes the right to the top", () => {
  const turned = affineOf({ flip: false, scale: 1, shiftY: 0, shiftX: 0, rotation: 90 }, 48, 64);
  assertClose(transformBox([23, 50, 25, 54], turned), [2, 31, 6, 33], { absolute: 1e-9, relative: 0 }, "box");
});

test("gamma bends intensities between an image's ends, noise has its deviation, each image its own", () => {
  const pair = pairOf([[5, 10, 15, 30]]);
  const ramp = Float32Array.from({ length: height * width }, (_, index) => (index % 3) - 1);
  const bent = apply({ ...pair, ffdm: ramp }, { ffdm: { gain: 1, offset: 0, gamma: 2 } }).ffdm;
  assert.deepEqual([...bent.subarray(0, 3)], [-1, -0.5, 1]);
  const noise = (seed: number) => ({ gain: 1, offset: 0, noise: { deviation: 0.5, seed } });
  const noisy = apply({ ...pair, ffdm: ramp, sm: ramp }, { ffdm: noise(1), sm: noise(2) });
  const added = [noisy.ffdm, noisy.sm].map((pixels) => pixels.map((value, index) => value - ramp[index]));
  for (const values of added) {
    const square = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    assert.ok(Math.abs(Math.sqrt(square) - 0.5) < 0.03, `${Math.sqrt(square)}`);
  }
  const product = added[0].reduce((sum, value, index) => sum + value * added[1][index], 0) / added[0].length;
  assert.ok(Math.abs(product) < 0.02, `${product}`);
});

test("a cutout blanks one square of both images and drops a lesion that it hides", () => {
  const pair = pairOf([
    [0, 0, 10, 10],
    [30, 40, 40, 50],
  ]);
  const cut = apply(pair, { cutout: { side: 0.25, y: 0, x: 0 } });
  assert.deepEqual(cut.classes, [2]);
  assert.deepEqual(cut.ffdm, paint([[30, 40, 40, 50]]));
  assert.deepEqual(cut.sm, cut.ffdm);
});
