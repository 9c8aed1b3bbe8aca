import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UserError } from "../../src/base/errors.ts";
import { planPatients } from "../../src/phantom/patients.ts";

const splits = ["train", "validation", "test"] as const;

test("every split has patients with and without lesions, whatever the number and the seed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 300 }), fc.nat(), (count, seed) => {
      const patients = planPatients(count, seed);
      assert.equal(new Set(patients.map(({ id }) => id)).size, count);
      for (const split of splits) {
        const members = patients.filter((patient) => patient.split === split);
        const positives = members.filter(({ lesions }) => lesions.length > 0).length;
        assert.ok(positives > 0 && positives < members.length, `${split} of ${count}`);
      }
    }),
  );
});

test("a hundred patients: half with one or two lesions of both types, splits of 60, 20 and 20", () => {
  const patients = planPatients(100, 5);
  const positives = patients.filter(({ lesions }) => lesions.length > 0);
  assert.equal(positives.length, 50);
  assert.ok(positives.every(({ lesions }) => lesions.length <= 2));
  for (const [split, size] of [
    ["train", 60],
    ["validation", 20],
    ["test", 20],
  ] as const) {
    const members = patients.filter((patient) => patient.split === split);
    assert.equal(members.length, size);
    assert.equal(members.filter(({ lesions }) => lesions.length > 0).length, size / 2);
    for (const type of ["mass", "calcification"])
      assert.ok(
        members.filter(({ lesions }) => lesions.some((plan) => plan.type === type)).length >= size / 5,
        `${type} in ${split}`,
      );
  }
  assert.deepEqual(planPatients(100, 5), patients);
  assert.notDeepEqual(planPatients(100, 6), patients);
});

test("too few patients for three splits are refused", () => {
  for (const count of [5, 0, 7.5]) assert.throws(() => planPatients(count, 1), UserError);
});
