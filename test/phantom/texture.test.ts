import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { defaultAcquisition, projectScene } from "../../src/phantom/acquisition.ts";
import { type DensityClass, densityClasses } from "../../src/phantom/breast.ts";
import { buildScene } from "../../src/phantom/scene.ts";
import { powerLawFields } from "../../src/phantom/texture.ts";
import { powerLawExponent } from "./spectrum.ts";

test("a field has the variance, and its projection the exponent, that were asked for", () => {
  const size = 64;
  const shape = { slices: 32, rows: size, columns: size, spacing: 0.5, sliceThickness: 1 };
  const count = size * size;
  const projections: Float32Array[] = [];
  let squares = 0;
  for (let seed = 0; seed < 8; seed++) {
    const fields = powerLawFields(shape, 3, 0.5, new RandomStream(seed, "field"));
    for (const part of [0, 1]) {
      const projection = new Float32Array(count);
      for (let i = 0; i < fields.length / 2; i++) {
        projection[i % count] += fields[2 * i + part];
        squares += fields[2 * i + part] ** 2;
      }
      projections.push(projection);
    }
  }
  const variance = squares / (16 * 32 * count);
  // Sixteen fields whose few long waves carry most of the variance.
  assert.ok(Math.abs(variance - 0.5) < 0.1, `variance ${variance}`);
  const exponent = powerLawExponent(projections, size, 0.5, [0.1, 0.8]);
  assert.ok(Math.abs(exponent - 3) < 0.15, `exponent ${exponent}`);
});

test("the projected breast's exponent is a mammogram's, 3.0 to 3.3, in every density class", () => {
  const size = 128;
  for (const density of Object.keys(densityClasses) as DensityClass[]) {
    const projections: Float32Array[] = [];
    for (let i = 0; projections.length < 6; i++) {
      const options = {
        seed: 21,
        name: `${i}`,
        rows: size,
        columns: size,
        spacing: 0.3,
        density,
        lesions: [],
      };
      const { scene } = buildScene(options, defaultAcquisition);
      const { data } = projectScene(scene, 0, 0);
      // Pictures with air have the spectrum of the outline.
      if (data.every((value) => value > 0.5)) projections.push(data);
    }
    const exponent = powerLawExponent(projections, size, 0.3, [0.1, 0.8]);
    assert.ok(exponent > 2.95 && exponent < 3.4, `${density}: ${exponent}`);
  }
});
