import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { detectability } from "../../src/phantom/detectability.ts";
import { smooth } from "../../src/phantom/filters.ts";
import { planeOf as makePlane, type Plane } from "../../src/phantom/plane.ts";

const size = 160;
const middle: readonly [number, number, number, number] = [60, 60, 100, 100];
const everywhere = new Float32Array(size * size).fill(1);

const planeOf = (value: (row: number, column: number) => number): Plane => {
  const plane = makePlane(size, size, 0.3, new Float32Array(size * size));
  plane.data.forEach((_, i) => {
    plane.data[i] = value(Math.floor(i / size), i % size);
  });
  return plane;
};

function noise(sigma: number, name: string): Plane {
  const stream = new RandomStream(1, name);
  return planeOf(() => sigma * stream.nextNormal());
}

const disc = (row: number, column: number) => Number(Math.hypot(row - 79.5, column - 79.5) < 8);

const sum = (a: Plane, b: Plane): Plane => ({ ...a, data: a.data.map((value, i) => value + b.data[i]) });

const measure = (contrast: number, background: Plane, mask = everywhere) =>
  detectability(
    sum(
      background,
      planeOf((r, c) => contrast * disc(r, c)),
    ),
    background,
    mask,
    middle,
  );

test("in white noise d′ is that of the ideal observer: the signal's root energy over the noise", () => {
  const energy = planeOf(disc).data.reduce((total, value) => total + value * value, 0);
  for (const [contrast, sigma] of [
    [0.1, 1],
    [0.3, 1],
    [0.3, 2],
  ]) {
    const expected = (contrast * Math.sqrt(energy)) / sigma;
    const values = ["a", "b", "c"].map((name) => measure(contrast, noise(sigma, name)) ?? Number.NaN);
    const mean = values.reduce((total, value) => total + value / values.length, 0);
    assert.ok(Math.abs(mean / expected - 1) < 0.1, `${mean} where ${expected} was expected`);
  }
});

test("anatomy at low frequencies hides a signal less than as much white noise", () => {
  const white = noise(1, "a");
  const blurred = smooth(white, 6);
  const spread = (plane: Plane) => Math.sqrt(plane.data.reduce((s, v) => s + v * v, 0) / plane.data.length);
  const gain = spread(white) / spread(blurred);
  const anatomy = { ...blurred, data: blurred.data.map((value) => value * gain) };
  assert.ok((measure(0.3, anatomy) as number) > 2 * (measure(0.3, white) as number));
});

test("no signal, and no breast to measure against, have no d′", () => {
  assert.equal(measure(0, noise(1, "a")), undefined);
  assert.equal(measure(1, noise(1, "a"), new Float32Array(size * size)), undefined);
});
