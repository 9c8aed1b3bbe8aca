import assert from "node:assert/strict";
import { test } from "node:test";
import type { PairRecord } from "../../src/data/manifest.ts";
import { patientShare } from "../../src/data/subset.ts";

/** Two views a patient, every fifth patient with a lesion in one. */
const pairs = Array.from(
  { length: 100 },
  (_, index) =>
    ({
      row: index + 2,
      patient: `P${Math.floor(index / 2)}`,
      classes: index % 10 === 0 ? [1] : [],
    }) as unknown as PairRecord,
);
const patients = (chosen: readonly PairRecord[]) => new Set(chosen.map(({ patient }) => patient));

test("a share takes whole patients, of those with and without lesions alike", () => {
  const half = patientShare(pairs, 0.5, 1);
  assert.equal(half.length, 50);
  assert.equal(patients(half).size, 25);
  assert.equal(half.filter(({ classes }) => classes.length > 0).length, 5);
  assert.deepEqual(
    half,
    half.toSorted((a, b) => a.row - b.row),
    "the manifest's order",
  );
  assert.deepEqual(patientShare(pairs, 1, 1), pairs);
});

test("a smaller share lies within a larger one of the same seed, and another seed draws others", () => {
  const large = patients(patientShare(pairs, 0.6, 1));
  for (const patient of patients(patientShare(pairs, 0.2, 1))) assert.ok(large.has(patient));
  assert.notDeepEqual(patients(patientShare(pairs, 0.2, 1)), patients(patientShare(pairs, 0.2, 2)));
});

test("the smallest share still has a patient with lesions and one without", () => {
  const least = patientShare(pairs, 0.001, 1);
  assert.equal(patients(least).size, 2);
  assert.equal(least.filter(({ classes }) => classes.length > 0).length, 1);
});
