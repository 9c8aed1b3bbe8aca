// What the simulated system does to simple bodies, against closed forms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tape } from "../../src/autograd/tape.ts";
import { compile } from "../../src/engine/program.ts";
import {
  acquisitionInputs,
  defaultReconstruction,
  recordAcquisition,
  volumeMargin,
} from "../../src/phantom/acquire.ts";
import { magnificationOf, slantsOf } from "../../src/phantom/geometry.ts";
import { binsOf, electronicNoise, fluence, type System, systems } from "../../src/phantom/systems.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();

const [rows, columns, slices, thickness] = [64, 64, 24, 48];

interface Setup {
  readonly system: System;
  readonly spacing: number;
  /** Attenuation in 1/mm at x, y, z in mm. */
  readonly tissue: (x: number, y: number, z: number) => number;
  readonly spheres?: readonly (readonly [number, number, number, number, number])[];
  readonly seed?: number;
}

async function acquire({ system, spacing, tissue, spheres = [], seed = 1 }: Setup) {
  const grid = { slices, rows, columns, spacing, margin: volumeMargin(system, spacing) };
  const tape = new Tape();
  const volumeRows = rows + 2 * grid.margin;
  const given = {
    mu: tape.input("mu", [slices, volumeRows, columns]),
    spheres: tape.input("spheres", [4, 5]),
  };
  const options = { ...defaultReconstruction, slices, volume: true };
  const {
    ffdmIdeal,
    ffdm,
    views,
    slices: reconstructed,
    sm,
  } = recordAcquisition(tape, given, grid, system, options);
  if (!reconstructed) throw new Error("slices were asked for");
  const outputs = { ffdmIdeal, ffdm, views, slices: reconstructed, sm };
  const program = await compile(engine.current, "acquisition", tape, outputs);
  const mu = new Float32Array(slices * volumeRows * columns);
  mu.forEach((_, i) => {
    const [k, row, column] = [
      Math.floor(i / (volumeRows * columns)),
      Math.floor(i / columns) % volumeRows,
      i % columns,
    ];
    const z = ((k + 0.5) / slices - 0.5) * thickness;
    mu[i] = tissue((column + 0.5) * spacing, (row - grid.margin + 0.5) * spacing, z);
  });
  const table = new Float32Array(20);
  spheres.forEach((sphere, i) => {
    table.set(sphere, 5 * i);
  });
  try {
    const inputs = acquisitionInputs(grid, system, thickness, { seed, name: "test" });
    return { ...(await program.run({ mu, spheres: table, ...inputs })), grid };
  } finally {
    program.release();
  }
}

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: Float32Array) => {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
};
const within = (actual: number, expected: number, share: number, what: string) =>
  assert.ok(Math.abs(actual / expected - 1) < share, `${what}: ${actual}, expected ${expected}`);

const slab = (mu: number) => () => mu;

test("a slab's line integrals are thickness over the cosine, in the mammogram and, over the slant, in every view", async () => {
  const { ffdmIdeal, views, grid } = await acquire({
    system: systems.hologic,
    spacing: 0.3,
    tissue: slab(0.05),
  });
  within(mean(ffdmIdeal), 0.05 * thickness, 0.01, "mammogram");
  const perView = views.length / systems.hologic.views;
  for (let view = 0; view < systems.hologic.views; view++)
    within(
      mean(views.subarray(view * perView, (view + 1) * perView)),
      0.05 * thickness,
      0.01,
      `view ${view}`,
    );
  assert.ok(magnificationOf(systems.hologic, grid, thickness) > 1.05);
});

test("a sphere's shadow has its volume and its diameter, as sphere and as voxels", async () => {
  const center = [9.6, 9.6, 0] as const;
  const radius = 4;
  const inside = (x: number, y: number, z: number) =>
    Math.min(Math.max((radius - Math.hypot(x - center[0], y - center[1], z)) / 0.3 + 0.5, 0), 1);
  const setups = {
    sphere: { tissue: slab(0.01), spheres: [[...center, radius, 0.02]] as const },
    // A slice is 2 mm thick: what of it is inside is sampled at ten heights.
    voxels: {
      tissue: (x: number, y: number, z: number) =>
        0.01 +
        0.002 *
          Array.from({ length: 10 }, (_, s) => inside(x, y, z + (s - 4.5) * 0.2)).reduce((a, b) => a + b, 0),
    },
  };
  for (const [name, setup] of Object.entries(setups)) {
    const { ffdmIdeal } = await acquire({ system: systems.hologic, spacing: 0.3, ...setup });
    const shadow = ffdmIdeal.map((value) => value - 0.01 * thickness);
    const volume = shadow.reduce((sum, value) => sum + value, 0) * 0.3 ** 2;
    // The slab's own obliquity adds a little everywhere.
    const slant = mean(ffdmIdeal.subarray(0, columns)) - 0.01 * thickness;
    within(volume - slant * rows * columns * 0.3 ** 2, 0.02 * (4 / 3) * Math.PI * radius ** 3, 0.01, name);
    within(
      shadow.reduce((most, value) => Math.max(most, value), 0),
      0.02 * 2 * radius,
      0.01,
      `${name}, chord`,
    );
  }
});

/** Readings in photons of a mammogram of a slab, and their expectation. */
async function readings(mu: number) {
  const { ffdm, ffdmIdeal } = await acquire({
    system: systems.siemens,
    spacing: 0.085,
    tissue: slab(mu),
    seed: 3,
  });
  const behind = fluence * 0.085 ** 2;
  const open = behind / mean(ffdmIdeal.map((value) => Math.exp(-value)));
  return ffdm.map((value) => open * Math.exp(-value));
}

test("a reading's variance is its mean and the electronic noise's", async () => {
  // Automatic exposure brings the same mean behind every slab.
  const photons = await readings(0.05);
  within(mean(photons), fluence * 0.085 ** 2, 0.01, "mean");
  const noise = electronicNoise(systems.siemens, 0.085, 1) ** 2;
  // The spread of a variance of 4096 samples is 2.2 %.
  within(variance(photons), mean(photons) + noise, 0.09, "variance");
});

test("the views together have their share of the mammogram's dose", async () => {
  const { system, spacing } = { system: systems.siemens, spacing: 0.3 };
  const { ffdm, views } = await acquire({ system, spacing, tissue: slab(0.03) });
  const noiseOf = (binning: number) => electronicNoise(system, spacing, binning) ** 2;
  assert.equal(binsOf(system, spacing), 1);
  // Var(−log n) = (n + noise²) / n², so that n follows from the variance.
  // Neighbours differ by noise alone, not by the slab's obliquity.
  const photonsOf = (values: Float32Array, noise: number) => {
    const differences = values.subarray(1).map((value, i) => (value - values[i]) / Math.SQRT2);
    const v = variance(differences);
    return (1 + Math.sqrt(1 + 4 * v * noise)) / (2 * v);
  };
  const full = photonsOf(ffdm, noiseOf(1));
  const perView = views.length / system.views;
  const slants = slantsOf(
    Array.from({ length: system.views }, (_, i) => system.span * (i / (system.views - 1) - 0.5)),
  );
  const expected =
    slants.reduce((sum, slant) => sum + Math.exp(-0.03 * thickness * (slant - 1)), 0) / system.views;
  let sum = 0;
  for (let view = 0; view < system.views; view++) {
    const values = views.subarray(view * perView, (view + 1) * perView).map((value) => value * slants[view]);
    sum += photonsOf(values, noiseOf(system.binning));
  }
  within(sum / full, system.doseRatio * expected, 0.06, "dose ratio");
});

/** Mean over the rows of a picture of photons as a share of the open field's, at each column. */
const profileOf = (integrals: Float32Array): number[] =>
  Array.from({ length: columns }, (_, column) =>
    mean(Float32Array.from({ length: rows }, (_, row) => Math.exp(-integrals[row * columns + column]))),
  );

/** What an edge in the middle of a profile transfers at a frequency: its derivative's Fourier transform there. */
function transfer(profile: readonly number[], cyclesPerPixel: number): number {
  let [real, imaginary] = [0, 0];
  for (let column = columns / 2 - 12; column < columns / 2 + 12; column++) {
    const slope = profile[column + 1] - profile[column];
    real += slope * Math.cos(2 * Math.PI * cyclesPerPixel * column);
    imaginary += slope * Math.sin(2 * Math.PI * cyclesPerPixel * column);
  }
  return Math.hypot(real, imaginary);
}

for (const name of ["hologic", "siemens", "ge"] as const)
  test(`an edge is blurred by detector and focal spot as configured: ${name}`, async () => {
    const system = systems[name];
    // So fine that the blur is, and as the detector bins.
    const spacing = name === "hologic" ? 0.07 : 0.05;
    const edge = (x: number) => (x < (columns / 2) * spacing ? 0.03 : 0.015);
    const pictures: Awaited<ReturnType<typeof acquire>>[] = [];
    for (let seed = 1; seed <= 6; seed++)
      pictures.push(await acquire({ system, spacing, tissue: edge, seed }));
    const average = (pick: (picture: (typeof pictures)[number]) => Float32Array) => {
      const profiles = pictures.map((picture) => profileOf(pick(picture)));
      return profiles[0].map(
        (_, i) => profiles.reduce((sum, profile) => sum + profile[i], 0) / profiles.length,
      );
    };
    const [sharp, blurred] = [average(({ ffdmIdeal }) => ffdmIdeal), average(({ ffdm }) => ffdm)];
    // The focal spot's shadow at mid-height of a breast of 60 mm: its side times (m − 1) / m, a box.
    const m = system.sourceToDetector / (system.sourceToDetector - system.airGap - 30);
    const sigma = Math.hypot(system.detectorBlur, (system.focalSpot * (m - 1)) / m / Math.sqrt(12));
    for (const frequency of [2, 4]) {
      const measured = transfer(blurred, frequency * spacing) / transfer(sharp, frequency * spacing);
      const expected = Math.exp(-2 * (Math.PI * sigma * frequency) ** 2);
      console.log(
        `${name}: MTF at ${frequency}/mm ${measured.toFixed(3)}, configured ${expected.toFixed(3)} beside the pixel's`,
      );
      assert.ok(
        Math.abs(measured - expected) < 0.04,
        `at ${frequency}/mm: ${measured}, expected ${expected}`,
      );
    }
  });

/** Width at half the maximum, linear between samples. */
function fullWidth(profile: readonly number[], step: number): number {
  const base = Math.min(profile[0], profile[profile.length - 1]);
  const peak = profile.indexOf(Math.max(...profile));
  const half = (profile[peak] + base) / 2;
  const crossing = (direction: 1 | -1) => {
    let i = peak;
    while (profile[i + direction] > half) i += direction;
    return Math.abs(i - peak) + (profile[i] - half) / (profile[i] - profile[i + direction]);
  };
  return (crossing(1) + crossing(-1)) * step;
}

for (const name of ["hologic", "siemens", "ge"] as const)
  test(`a speck is sharp in its slice, and a bead spread over depth as systems spread it: ${name}`, async () => {
    const focus = 12;
    const around = async (radius: number) => {
      const { slices: volume } = await acquire({
        system: systems[name],
        spacing: 0.1,
        tissue: slab(0.02),
        spheres: [[3.25, 3.25, 1, radius, 5]],
      });
      return (k: number, row: number, column: number) => volume[(k * rows + row) * columns + column];
    };
    // A millimetre across, as in the phantoms that the spread over depth is measured with.
    const [speck, bead] = [await around(0.2), await around(0.5)];
    const line = Array.from({ length: 21 }, (_, i) => i + 22);
    const along = fullWidth(
      line.map((row) => speck(focus, row, 32)),
      0.1,
    );
    const across = fullWidth(
      line.map((column) => speck(focus, 32, column)),
      0.1,
    );
    const depth = fullWidth(
      Array.from({ length: slices }, (_, k) => bead(k, 32, 32)),
      thickness / slices,
    );
    console.log(
      `${name}: ${along.toFixed(2)} mm along the travel, ${across.toFixed(2)} mm across, ${depth.toFixed(1)} mm in depth`,
    );
    assert.ok(along < 0.8 && across < 0.8, `${along} and ${across} mm`);
    // Five clinical systems: 3.5 to 10.7 mm.
    assert.ok(depth > 3.5 && depth < 10.7, `${depth} mm`);
  });

test("the same seed gives the same bytes, another one other noise", async () => {
  const setup = { system: systems.ge, spacing: 0.3, tissue: slab(0.05) };
  const [first, again, other] = [
    await acquire(setup),
    await acquire(setup),
    await acquire({ ...setup, seed: 2 }),
  ];
  assert.deepEqual(again.sm, first.sm);
  assert.deepEqual(again.ffdm, first.ffdm);
  assert.notDeepEqual(other.ffdm, first.ffdm);
});
