import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { type Anatomy, drawAnatomy } from "../../src/phantom/anatomy.ts";
import { densityClasses } from "../../src/phantom/breast.ts";
import { drawLesionPlan, type LesionType, lesionTypes } from "../../src/phantom/lesions.ts";
import { PairRenderer } from "../../src/phantom/pairRenderer.ts";
import { simulatePair } from "../../src/phantom/simulatePair.ts";
import { type System, systems } from "../../src/phantom/systems.ts";
import { sharedEngine } from "../helpers/engine.ts";
import { powerLawExponent } from "./spectrum.ts";

const engine = sharedEngine();
const [size, spacing] = [128, 0.3];
const rendererOf = (system: System = systems.hologic) =>
  PairRenderer.create(engine.current, { rows: size, columns: size, spacing, system });

const view = { seed: 9, coverage: "region", lesions: [] } as const;

/** In the midst of tissue, without spheres. */
const within = (anatomy: Anatomy): Anatomy => ({
  ...anatomy,
  breast: { ...anatomy.breast, chest: 0, depth: 1e3, half: 1e4, middle: 0 },
  distractors: [],
});

test("projections have the power law of mammograms", async () => {
  const renderer = await rendererOf();
  const exponents: number[] = [];
  try {
    for (const density of Object.keys(densityClasses) as (keyof typeof densityClasses)[]) {
      const pictures: Float32Array[] = [];
      for (let n = 0; n < 8; n++) {
        const name = `s${n}`;
        const anatomy = within(drawAnatomy({ ...view, name, density }, renderer.grid));
        pictures.push((await renderer.render(anatomy, [], { seed: 9, name })).ffdmIdeal);
      }
      const exponent = powerLawExponent(pictures, size, spacing, [0.1, 0.8]);
      console.log(`${density}: power ~ 1/f^${exponent.toFixed(2)}`);
      exponents.push(exponent);
    }
    // 3.0 to 3.3 is what mammograms have on average, with a spread of 0.2 and more from one to the next.
    const mean = exponents.reduce((sum, value) => sum + value, 0) / exponents.length;
    assert.ok(mean > 3 && mean < 3.3, `${mean}`);
    assert.ok(
      exponents.every((exponent) => exponent > 2.6 && exponent < 3.6),
      `${exponents}`,
    );
  } finally {
    renderer.release();
  }
});

test("a lesion changes its neighbourhood alone, and its box holds the change", async () => {
  const renderer = await rendererOf();
  try {
    for (const type of lesionTypes) {
      const plan = drawLesionPlan(type as LesionType, new RandomStream(4, type));
      const options = { ...view, name: type, density: "scattered", lesions: [plan] } as const;
      const { lesions } = await simulatePair(renderer, { ...options, side: "L" });
      assert.equal(lesions.length, 1, type);
      const [{ ffdmBox, smBox, contrast, detectability }] = lesions;
      assert.notEqual(contrast, 0);
      assert.ok(
        (detectability.ffdm ?? 0) > 0.5 && (detectability.sm ?? 0) > 0.2,
        JSON.stringify(detectability),
      );
      const anatomy = drawAnatomy(options, renderer.grid);
      const exposure = { seed: 9, name: type };
      const [after, before] = [
        await renderer.render(anatomy, anatomy.lesions, exposure),
        await renderer.render(anatomy, [], exposure),
      ];
      const changes = after.ffdmIdeal.map((value, i) => Math.abs(value - before.ffdmIdeal[i]));
      const [top, left, bottom, right] = ffdmBox;
      const reach = 0.8 * (right - left);
      let [inside, all] = [0, 0];
      changes.forEach((change, i) => {
        const [row, column] = [Math.floor(i / size), i % size];
        all += change;
        if (row >= top && row < bottom && column >= left && column < right) inside += change;
        const far =
          Math.hypot(row - (top + bottom) / 2, column - (left + right) / 2) > reach + (right - left) / 2;
        // A distortion's pull fades as a Gaussian, and has no edge.
        if (far && type !== "distortion")
          assert.ok(change < 1e-4, `${type} changes ${change} at ${row}, ${column}`);
      });
      assert.ok(
        inside > (type === "distortion" ? 0.3 : 0.6) * all,
        `${type}: ${inside / all} of the change is in the box`,
      );
      assert.ok(Math.abs(ffdmBox[0] - smBox[0]) <= 4 && Math.abs(ffdmBox[1] - smBox[1]) <= 4);
    }
  } finally {
    renderer.release();
  }
});

test("a right breast is a left one mirrored, boxes and all", async () => {
  const renderer = await rendererOf();
  try {
    const lesions = [drawLesionPlan("mass", new RandomStream(3, "plan"))];
    const options = { ...view, name: "mirror", density: "fatty", lesions } as const;
    const left = await simulatePair(renderer, { ...options, side: "L" });
    const right = await simulatePair(renderer, { ...options, side: "R" });
    for (let row = 0; row < size; row += 9)
      assert.deepEqual(
        right.sm.data.slice(row * size, (row + 1) * size),
        left.sm.data.slice(row * size, (row + 1) * size).reverse(),
      );
    const [top, xMin, bottom, xMax] = left.lesions[0].ffdmBox;
    assert.deepEqual(right.lesions[0].ffdmBox, [top, size - xMax, bottom, size - xMin]);
  } finally {
    renderer.release();
  }
});

test("more room around a region adds tissue and changes none in it", async () => {
  const renderers = [await rendererOf(systems.hologic), await rendererOf(systems.siemens)];
  try {
    const pictures: Float32Array[] = [];
    for (const renderer of renderers) {
      const anatomy = within(drawAnatomy({ ...view, name: "margin", density: "dense" }, renderer.grid));
      pictures.push((await renderer.render(anatomy, [], { seed: 9, name: "margin" })).ffdmIdeal);
    }
    assert.notEqual(renderers[0].grid.margin, renderers[1].grid.margin);
    // The systems' rays differ by their distances alone.
    const difference = pictures[0].reduce(
      (most, value, i) => Math.max(most, Math.abs(value - pictures[1][i])),
      0,
    );
    assert.ok(difference < 0.08, `${difference}`);
  } finally {
    for (const renderer of renderers) renderer.release();
  }
});
