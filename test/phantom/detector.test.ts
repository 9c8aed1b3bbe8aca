import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { binRows, expectedPhotons, readOut, toLineIntegrals } from "../../src/phantom/detector.ts";
import { makePlane } from "../../src/phantom/volume.ts";

const flat = (value: number, rows = 200, columns = 200) => {
  const plane = makePlane({ rows, columns, firstRow: 0, rowSpacing: 0.3, columnSpacing: 0.3 });
  plane.data.fill(value);
  return plane;
};

test("the variance of a reading is affine in its mean: slope 1, electronic noise squared at zero", () => {
  const electronicNoise = 40;
  const points = [400, 2000, 6000, 20000, 60000].map((mean) => {
    const { data } = readOut(flat(mean), electronicNoise, new RandomStream(4, `mean ${mean}`));
    const average = data.reduce((sum, value) => sum + value, 0) / data.length;
    // Five standard errors of a mean of 40,000 readings.
    assert.ok(Math.abs(average - mean) < 5 * Math.sqrt((mean + electronicNoise ** 2) / data.length));
    return { mean, variance: data.reduce((sum, value) => sum + (value - average) ** 2, 0) / data.length };
  });
  for (const { mean, variance } of points) {
    // Relative standard error of a variance of 40,000 readings: √(2/40000) = 0.7 %.
    const expected = mean + electronicNoise ** 2;
    assert.ok(Math.abs(variance / expected - 1) < 0.03, `${variance} for ${expected}`);
  }
});

test("neighbouring readings are not correlated", () => {
  const { data } = readOut(flat(5000), 20, new RandomStream(4, "neighbours"));
  for (const step of [1, 200]) {
    let [product, squares] = [0, 0];
    for (let i = 0; i + step < data.length; i++) {
      product += (data[i] - 5000) * (data[i + step] - 5000);
      squares += (data[i] - 5000) ** 2;
    }
    assert.ok(Math.abs(product / squares) < 0.025, `${product / squares}`);
  }
});

test("blur and binning keep the number of photons, and a flat field stays flat", () => {
  const exposure = { openPhotons: 1000, blur: [0.2, 0.3], electronicNoise: 0 } as const;
  const photons = expectedPhotons(flat(2, 20, 20), exposure);
  for (const value of photons.data) assert.ok(Math.abs(value / (1000 * Math.exp(-2)) - 1) < 1e-5);
  const step = flat(1, 20, 20);
  step.data.fill(3, 0, 200);
  const blurred = expectedPhotons(step, exposure);
  const sum = (data: Float32Array) => data.reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(sum(blurred.data) / (200_000 * (Math.exp(-1) + Math.exp(-3))) - 1) < 1e-4);
  assert.ok(
    blurred.data[9 * 20] > 1.05 * blurred.data[0] && blurred.data[10 * 20] < 0.95 * blurred.data[399],
  );
  const binned = binRows(blurred, 2);
  assert.ok(Math.abs(sum(binned.data) / sum(blurred.data) - 1) < 1e-6);
  assert.equal(binned.rows, 10);
  const back = toLineIntegrals(binRows(photons, 2), 2000);
  for (const value of back.data) assert.ok(Math.abs(value - 2) < 1e-5);
});
