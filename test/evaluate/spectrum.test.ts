import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { radialSpectrum } from "../../src/evaluate/spectrum.ts";

const size = 32;

test("a wave's power lies at its frequency", () => {
  for (const [cycles, along] of [
    [5, (row: number, _column: number) => row],
    [8, (_row: number, column: number) => column],
  ] as const) {
    const wave = Float64Array.from(
      { length: size * size },
      (_, i) => 3 + Math.cos((2 * Math.PI * cycles * along(Math.floor(i / size), i % size)) / size),
    );
    const spectrum = radialSpectrum([wave], size, 0.5);
    const [frequency] = spectrum.reduce((best, point) => (point[1] > best[1] ? point : best));
    assert.equal(frequency, cycles / (size * 0.5));
  }
});

test("white noise is flat, and each picture's power is one whatever its contrast", () => {
  const stream = new RandomStream(1, "spectrum");
  const pictures = Array.from({ length: 30 }, (_, picture) =>
    Float64Array.from({ length: size * size }, () => stream.nextNormal() * 10 ** (picture % 3)),
  );
  for (const [frequency, power] of radialSpectrum(pictures, size, 1).slice(1))
    assert.ok(Math.abs(power * size * size - 1) < 0.2, `${frequency}: ${power * size * size}`);
});
