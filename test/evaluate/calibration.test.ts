import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bestTemperature,
  brierScore,
  negativeLogLikelihood,
  type Reliability,
  reliability,
} from "../../src/evaluate/calibration.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

type Bins = { ece: number; mce: number; bins: ([number, number, number] | null)[] };
interface CalibrationGoldens {
  cases: {
    name: string;
    logits: number[];
    labels: number[];
    expected: {
      probabilities: number[];
      brier: number;
      nll: number;
      equal_width_15: Bins;
      equal_mass_15: Bins;
      equal_width_10_ece: number;
      temperature: { T: number; nll_after: number; ece_equal_width_15_after: number; brier_after: number };
    };
  }[];
  edge_case: {
    n_bins: number;
    probabilities: number[];
    labels: number[];
    expected: { left_closed: Bins; equal_mass_stable_sort: Bins };
  };
  no_finite_temperature: Record<"separable" | "inverted", { logits: number[]; labels: number[] }>;
}

const { cases, edge_case, no_finite_temperature } = golden<CalibrationGoldens>("calibration");
const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

function assertBins({ bins, expectedError, maximumError }: Reliability, expected: Bins, name: string): void {
  assertClose([expectedError, maximumError], [expected.ece, expected.mce], tolerance, name);
  expected.bins.forEach((bin, index) => {
    const { count, meanProbability, shareOfPositives } = bins[index];
    if (bin?.[0]) assertClose([count, meanProbability, shareOfPositives], bin, tolerance, `${name} ${index}`);
    else assert.equal(count, 0);
  });
}

for (const { name, logits, labels, expected } of cases)
  test(`calibration agrees with numpy and scipy: ${name}`, () => {
    const { probabilities, temperature } = expected;
    assertClose([brierScore(labels, probabilities)], [expected.brier], tolerance, "Brier");
    assertClose([negativeLogLikelihood(labels, logits)], [expected.nll], tolerance, "likelihood");
    assertBins(reliability(labels, probabilities), expected.equal_width_15, "equal width");
    assertBins(reliability(labels, probabilities, 15, "equalMass"), expected.equal_mass_15, "equal mass");
    assertClose(
      [reliability(labels, probabilities, 10).expectedError],
      [expected.equal_width_10_ece],
      tolerance,
      "10 bins",
    );
    const best = bestTemperature(labels, logits);
    assertClose([best], [temperature.T], { absolute: 0, relative: 1e-6 }, "temperature");
    const after = logits.map((logit) => sigmoid(logit / best));
    assertClose(
      [negativeLogLikelihood(labels, logits, best)],
      [temperature.nll_after],
      { absolute: 1e-12, relative: 1e-12 },
      "likelihood after",
    );
    // A temperature within 1e-6 moves probabilities as much.
    assertClose(
      [brierScore(labels, after), reliability(labels, after).expectedError],
      [temperature.brier_after, temperature.ece_equal_width_15_after],
      { absolute: 1e-6, relative: 1e-6 },
      "after",
    );
  });

test("probabilities on the edges of bins", () => {
  const { n_bins, probabilities, labels, expected } = edge_case;
  assertBins(reliability(labels, probabilities, n_bins), expected.left_closed, "left closed");
  assertBins(
    reliability(labels, probabilities, n_bins, "equalMass"),
    expected.equal_mass_stable_sort,
    "mass",
  );
});

test("without a finite optimum the temperature is an end of the range, never NaN", () => {
  const { separable, inverted } = no_finite_temperature;
  assert.equal(bestTemperature(separable.labels, separable.logits), 1e-3);
  assert.equal(bestTemperature(inverted.labels, inverted.logits), 1e3);
});
