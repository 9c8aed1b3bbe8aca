import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RandomStream } from "../../src/base/random.ts";
import {
  bootstrap,
  patientResamples,
  percentileInterval,
  quantile,
  type Weights,
} from "../../src/evaluate/bootstrap.ts";
import { prepareAreaUnderRoc } from "../../src/evaluate/roc.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

interface BootstrapGoldens {
  quantile_type7: { x: number[]; p: number[]; expected: number[] }[];
  bootstrap_given_indices: {
    rows: {
      labels: number[];
      scores_a: number[];
      scores_b: number[];
      resamples: number[][];
      expected: { auc_a_quantiles: number[]; auc_diff_quantiles: number[]; auc_a_first5: number[] };
    };
    clusters: {
      labels: number[];
      scores: number[];
      cluster: number[];
      resamples: number[][];
      expected: { auc_quantiles: number[]; auc_first5: number[] };
    };
  };
}

const { quantile_type7, bootstrap_given_indices: given } = golden<BootstrapGoldens>("bootstrap");

test("quantiles agree with R's type 7", () => {
  for (const { x, p, expected } of quantile_type7) {
    const sorted = [...x].sort((a, b) => a - b);
    assertClose(
      p.map((probability) => quantile(sorted, probability)),
      expected,
      tolerance,
      "quantile",
    );
  }
});

/** How often each row enters when groups of rows are drawn. */
const weightsOf = (drawn: readonly number[], groups: readonly number[]): Weights =>
  Float64Array.from(groups, (group) => drawn.filter((index) => index === group).length);

/** The interval's limits are the first and last of the goldens' quantiles .025, .5 and .975. */
function assertInterval(replicates: Float64Array, [low, , high]: readonly number[], name: string): void {
  const interval = percentileInterval(replicates);
  assertClose([interval.low, interval.high], [low, high], tolerance, name);
}

test("the interval of an AUC and of a paired difference agree with R on given resamples of rows", () => {
  const { labels, scores_a, scores_b, resamples, expected } = given.rows;
  const first = prepareAreaUnderRoc(labels, scores_a);
  const second = prepareAreaUnderRoc(labels, scores_b);
  const rows = labels.map((_, row) => row);
  const [aucs, differences] = bootstrap(
    resamples.map((drawn) => weightsOf(drawn, rows)),
    (weights) => [first(weights), first(weights) - second(weights)],
  );
  assertClose(aucs.subarray(0, 5), expected.auc_a_first5, tolerance, "auc");
  assertInterval(aucs, expected.auc_a_quantiles, "auc");
  assertInterval(differences, expected.auc_diff_quantiles, "difference");
});

test("the interval of an AUC agrees with R on given resamples of clusters", () => {
  const { labels, scores, cluster, resamples, expected } = given.clusters;
  const auc = prepareAreaUnderRoc(labels, scores);
  const weights = resamples.map((drawn) => weightsOf(drawn, cluster));
  const [aucs] = bootstrap(weights, (drawn) => [auc(drawn)]);
  assertClose(aucs.subarray(0, 5), expected.auc_first5, tolerance, "auc");
  assertInterval(aucs, expected.auc_quantiles, "auc");
});

const images = fc.array(fc.record({ patient: fc.constantFrom(..."abcdefgh"), lesion: fc.boolean() }), {
  minLength: 1,
  maxLength: 30,
});

test("a resample moves a patient's images together and keeps the size of the strata and both classes", () =>
  fc.assert(
    fc.property(images, fc.nat(1000), (rows, seed) => {
      const patients = rows.map(({ patient }) => patient);
      const hasLesion = rows.map(({ lesion }) => lesion);
      const ill = new Set(patients.filter((_, image) => hasLesion[image]));
      for (const weights of patientResamples({ patients, hasLesion, resamples: 20, seed })) {
        const ofPatient = new Map(patients.map((patient, image) => [patient, weights[image]]));
        patients.forEach((patient, image) => {
          assert.equal(weights[image], ofPatient.get(patient));
        });
        const drawn = (among: readonly string[]) =>
          among.reduce((sum, patient) => sum + ofPatient.get(patient)!, 0);
        assert.equal(drawn([...ill]), ill.size);
        assert.equal(drawn([...ofPatient.keys()]), ofPatient.size);
        for (const lesion of [true, false])
          assert.equal(
            hasLesion.some((value, image) => value === lesion && weights[image] > 0),
            hasLesion.includes(lesion),
          );
      }
    }),
  ));

test("resamples are the same for a seed and others for another", () => {
  const patients = ["a", "b", "c", "d", "e", "f"];
  const hasLesion = [true, true, true, false, false, false];
  const draw = (seed: number) =>
    [...patientResamples({ patients, hasLesion, resamples: 10, seed })].map(String);
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  assert.equal([...patientResamples({ patients, hasLesion, seed: 1 })].length, 2000);
});

const mean = (values: readonly number[]) => (weights: Weights) => {
  let sum = 0;
  let count = 0;
  values.forEach((value, index) => {
    sum += weights[index] * value;
    count += weights[index];
  });
  return sum / count;
};

test("the interval of a mean of symmetric data contains their middle and narrows with their spread", () =>
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 3, maxLength: 10 }), (offsets) => {
      const values = offsets.flatMap((offset) => [50 - offset, 50 + offset]);
      const resampling = {
        patients: values.map((_, index) => `p${index}`),
        hasLesion: values.map(() => false),
        resamples: 300,
        seed: 3,
      };
      const narrow = mean(values.map((value) => 50 + (value - 50) / 2));
      const [wide, half] = bootstrap(patientResamples(resampling), (weights) => [
        mean(values)(weights),
        narrow(weights),
      ]).map(percentileInterval);
      assert.ok(wide.low <= 50 && wide.high >= 50, `${wide.low} to ${wide.high}`);
      assertClose([half.high - half.low], [(wide.high - wide.low) / 2], tolerance, "width");
    }),
    { numRuns: 50 },
  ));

test("an interval over values of which one is NaN is NaN", () => {
  assert.deepEqual(percentileInterval(Float64Array.of(0.1, NaN, 0.3)), { low: NaN, high: NaN });
});

/** Two images a patient, whose scores share half of their variance; patients with a lesion score one higher. */
function simulate(stream: RandomStream, patientCount: number) {
  const patients: string[] = [];
  const hasLesion: boolean[] = [];
  const scores: number[] = [];
  for (let patient = 0; patient < patientCount; patient++) {
    const shared = stream.nextNormal();
    for (let view = 0; view < 2; view++) {
      patients.push(`p${patient}`);
      hasLesion.push(patient % 2 === 0);
      scores.push((shared + stream.nextNormal()) / Math.SQRT2 + (patient % 2 === 0 ? 1 : 0));
    }
  }
  return { patients, hasLesion, scores };
}

test("95 % intervals over patients contain the true AUC about that often; over images they do not", () => {
  const stream = new RandomStream(11, "coverage");
  // Of two normal scores one standard deviation apart: the normal distribution function at 1/√2.
  const truth = 0.7602499389065233;
  const simulations = 300;
  const covered = { patients: 0, images: 0 };
  for (let seed = 0; seed < simulations; seed++) {
    const { patients, hasLesion, scores } = simulate(stream, 60);
    const auc = prepareAreaUnderRoc(hasLesion, scores);
    const units = { patients, images: patients.map((patient, image) => `${patient}/${image}`) };
    for (const unit of ["patients", "images"] as const) {
      const resamples = patientResamples({ patients: units[unit], hasLesion, resamples: 200, seed });
      const [aucs] = bootstrap(resamples, (weights) => [auc(weights)]);
      const { low, high } = percentileInterval(aucs);
      if (low <= truth && truth <= high) covered[unit]++;
    }
  }
  // Three standard errors of 300 trials at 0.95 are 0.038; the percentile interval of 60 patients lies a little low.
  const share = { patients: covered.patients / simulations, images: covered.images / simulations };
  assert.ok(share.patients > 0.9 && share.patients < 0.99, `patients: ${share.patients}`);
  assert.ok(share.images < share.patients - 0.03, `images: ${share.images}, patients: ${share.patients}`);
});
