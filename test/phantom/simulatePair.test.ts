import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { type Acquisition, defaultAcquisition } from "../../src/phantom/acquisition.ts";
import { smooth } from "../../src/phantom/filters.ts";
import { drawLesionPlan } from "../../src/phantom/lesions.ts";
import { exposePair, type PairOptions, simulatePair } from "../../src/phantom/simulatePair.ts";

const options: PairOptions = {
  seed: 3,
  name: "P0001/CC",
  rows: 128,
  columns: 128,
  spacing: 0.3,
  side: "L",
  density: "heterogeneous",
  lesions: [drawLesionPlan("mass", new RandomStream(3, "plan"))],
};

test("the same options give the same bytes, whatever was simulated before; another name other ones", () => {
  const first = simulatePair(options);
  const other = simulatePair({ ...options, name: "P0001/MLO", density: "fatty" });
  const again = simulatePair(options);
  assert.deepEqual(again, first);
  for (const kind of ["ffdm", "sm"] as const) assert.notDeepEqual(other[kind].data, first[kind].data);
  assert.ok(first.ffdm.data.every((value) => value < 2 ** first.ffdm.bits));
});

test("a right breast is a left one mirrored, boxes and all", () => {
  const left = simulatePair(options);
  const right = simulatePair({ ...options, side: "R" });
  for (let row = 0; row < 128; row++)
    assert.deepEqual(
      right.sm.data.slice(row * 128, (row + 1) * 128),
      left.sm.data.slice(row * 128, (row + 1) * 128).reverse(),
    );
  const [top, xMin, bottom, xMax] = left.lesions[0].ffdmBox;
  assert.deepEqual(right.lesions[0].ffdmBox, [top, 128 - xMax, bottom, 128 - xMin]);
});

/** Share of b's variance that an affine function of a explains. */
function explained(a: Float32Array, b: Float32Array): number {
  const mean = (data: Float32Array) => data.reduce((sum, value) => sum + value, 0) / data.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - meanA) * (b[i] - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  });
  return ab ** 2 / (aa * bb);
}

test("FFDM and SM show one breast, yet are no affine copies, even without noise: what is fine differs", () => {
  const noiseless: Acquisition = { ...defaultAcquisition, fluence: 1e12, electronicNoise: 0 };
  for (const acquisition of [defaultAcquisition, noiseless])
    for (const name of ["a", "b", "c"]) {
      const { ffdm, sm } = exposePair({ ...options, name, lesions: [] }, acquisition);
      const coarse = [ffdm, sm].map(({ plane }) => smooth(plane, 1).data);
      const fine = [ffdm, sm].map(({ plane }, i) => plane.data.map((value, at) => value - coarse[i][at]));
      const shares = [explained(coarse[0], coarse[1]), explained(fine[0], fine[1])];
      assert.ok(shares[0] > 0.8 && shares[0] < 0.999, `${name}, coarse: ${shares[0]}`);
      assert.ok(shares[1] > 0.1 && shares[1] < 0.75, `${name}, fine: ${shares[1]}`);
    }
});

test("the mammogram of a pair is noisier with less dose, and the views share one dose", () => {
  const spread = (fluence: number, kind: "ffdm" | "sm") => {
    const quiet = exposePair(options, { ...defaultAcquisition, fluence: 1e12, electronicNoise: 0 })[kind];
    const noisy = exposePair(options, { ...defaultAcquisition, fluence, electronicNoise: 0 })[kind];
    const squares = noisy.plane.data.reduce((sum, value, i) => sum + (value - quiet.plane.data[i]) ** 2, 0);
    return Math.sqrt(squares / noisy.plane.data.length);
  };
  // Relative noise of n photons is 1/√n; behind the breast a pixel of 0.09 mm² gets fluence·0.09 on average.
  const full = spread(760e3, "ffdm");
  assert.ok(Math.abs(full * Math.sqrt(760e3 * 0.09) - 1) < 0.1, `${full}`);
  assert.ok(Math.abs(spread(190e3, "ffdm") / full - 2) < 0.1);
  assert.ok(spread(190e3, "sm") > 1.5 * spread(760e3, "sm"));
});
