import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../../src/base/boxes.ts";
import { RandomStream } from "../../src/base/random.ts";
import { type MisregisterOptions, misregisterPair } from "../../src/data/misregister.ts";

const side = 120;
const spacing = 0.5;
const still: MisregisterOptions = { shift: 0, rotation: 0, scale: 0, local: 0 };
const box: Box = [50, 30, 66, 42];

/** A smooth spot in the middle of the box, on both images. */
function spot(): Float32Array {
  const [y, x] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  return Float32Array.from({ length: side * side }, (_, index) => {
    const [dy, dx] = [Math.floor(index / side) + 0.5 - y, (index % side) + 0.5 - x];
    return Math.exp(-(dy * dy + dx * dx) / 32);
  });
}

function centroid(pixels: Float32Array): [number, number] {
  let [sum, y, x] = [0, 0, 0];
  pixels.forEach((value, index) => {
    sum += value;
    y += value * (Math.floor(index / side) + 0.5);
    x += value * ((index % side) + 0.5);
  });
  return [y / sum, x / sum];
}

const middle = ([yMin, xMin, yMax, xMax]: Box): [number, number] => [(yMin + yMax) / 2, (xMin + xMax) / 2];
const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

function move(options: Partial<MisregisterOptions>, draw = 1) {
  const pair = { ffdm: spot(), sm: spot(), ffdmBoxes: [box], smBoxes: [box], classes: [1] };
  const stream = new RandomStream(draw, "misregister test");
  return misregisterPair(pair, { ...still, ...options }, stream, side, side, spacing);
}

test("a shift is as long as it says, in millimetres, in a direction of the pair's own", () => {
  const directions = [1, 2, 3].map((draw) => {
    const { ffdm, sm, ffdmBoxes, smBoxes } = move({ shift: 4 }, draw);
    assert.deepEqual([sm, smBoxes], [spot(), [box]]);
    assert.ok(Math.abs(distance(middle(ffdmBoxes[0]), middle(box)) - 4 / spacing) < 1e-9);
    assert.ok(distance(centroid(ffdm), middle(ffdmBoxes[0])) < 0.05);
    const [y, x] = middle(ffdmBoxes[0]);
    return Math.atan2(y - middle(box)[0], x - middle(box)[1]).toFixed(3);
  });
  assert.equal(new Set(directions).size, 3);
});

test("rotation and scale are about the centre, and the box goes with the spot", () => {
  for (const options of [{ rotation: 10 }, { scale: 0.1 }, { rotation: 5, scale: 0.05, shift: 2 }]) {
    const { ffdm, ffdmBoxes } = move(options);
    assert.ok(distance(centroid(ffdm), middle(ffdmBoxes[0])) < 0.1, JSON.stringify(options));
    assert.ok(distance(middle(ffdmBoxes[0]), middle(box)) > 1, JSON.stringify(options));
  }
  const turned = move({ rotation: 10 });
  const centre = [side / 2, side / 2];
  const [before, after] = [distance(middle(box), centre), distance(middle(turned.ffdmBoxes[0]), centre)];
  assert.ok(Math.abs(before - after) < 1e-9);
});

test("a local deformation has its root mean square, and the box follows it", () => {
  const squares = Array.from({ length: 200 }, (_, draw) => {
    const { ffdm, ffdmBoxes } = move({ local: 0.8 }, draw);
    // The spot's top alone: the wave stretches what lies around it.
    const top = ffdm.map((value) => value ** 16);
    if (draw < 5) assert.ok(distance(centroid(top), middle(ffdmBoxes[0])) < 0.25, `draw ${draw}`);
    return (distance(middle(ffdmBoxes[0]), middle(box)) * spacing) ** 2 / 2;
  });
  const rms = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
  assert.ok(Math.abs(rms - 0.8) < 0.08, `${rms} mm`);
});

test("nothing moves without an extent", () => {
  const { ffdm, ffdmBoxes } = move({});
  assert.deepEqual(ffdmBoxes, [box]);
  const expected = spot();
  const difference = ffdm.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  assert.ok(difference < 1e-6, `${difference}`);
});
