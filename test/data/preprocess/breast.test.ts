import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../../src/base/random.ts";
import type { GrayImage } from "../../../src/data/grayImage.ts";
import { type Breast, findBreast } from "../../../src/data/preprocess/breast.ts";
import { blankOutside } from "../../../src/data/preprocess/steps.ts";
import { isBreast, type MammogramOptions, mammogram } from "../../helpers/mammogram.ts";

const size = { height: 800, width: 640 };

/** Of the breast's pixels, how many the mask leaves out; of the others, how many it holds. */
function errors({ mask }: Breast, options: MammogramOptions): { missed: number; extra: number } {
  assert.ok(mask);
  const counts = { breast: 0, missed: 0, other: 0, extra: 0 };
  const { height, width, chest, padding = 0, frame = [0, 0] } = options;
  const cut = padding + frame[0] + frame[1];
  for (let y = frame[0] + frame[1]; y < height - frame[0] - frame[1]; y++)
    for (let x = chest === "left" ? cut : 0; x < width - (chest === "right" ? cut : 0); x++) {
      const row = Math.floor(((y + 0.5) * mask.height) / height);
      const inMask = mask.data[row * mask.width + Math.floor(((x + 0.5) * mask.width) / width)] === 1;
      if (isBreast(options, y, x)) {
        counts.breast++;
        if (!inMask) counts.missed++;
      } else {
        counts.other++;
        if (inMask) counts.extra++;
      }
    }
  return { missed: counts.missed / counts.breast, extra: counts.extra / counts.other };
}

const artefacts: Readonly<Record<string, Partial<MammogramOptions>>> = {
  "nothing else on it": {},
  "a burned-in label": { label: true },
  "noise and raised air": { air: 300, noise: 60, label: true },
  "a white frame": { frame: [20, 0], label: true },
  "a white frame two pixels thin": { frame: [2, 0] },
  "a white frame away from the edge": { frame: [6, 30] },
  "air that brightens towards the breast": { air: 150, noise: 20, glow: 250 },
  "the ragged edge of a film": { filmEdge: true, air: 200, noise: 40 },
  "padding along the chest wall": { padding: 30 },
  "padding darker than the air": { padding: 60, air: 400, noise: 20 },
};

for (const [name, artefact] of Object.entries(artefacts))
  test(`the breast is found on a picture with ${name}`, () => {
    for (const chest of ["left", "right"] as const)
      for (const view of ["CC", "MLO"] as const) {
        const options = { ...size, chest, view, ...artefact };
        const breast = findBreast(mammogram(options));
        const { missed, extra } = errors(breast, options);
        const where = `${chest}, ${view}: ${missed} missed, ${extra} too much`;
        assert.equal(breast.side, chest, where);
        assert.ok(!breast.isRegion && !breast.missing, where);
        // The skin fades into the air, a frame may take a column more, and the margin is 2 % of the height.
        assert.ok(missed < 0.005 && extra < 0.1, where);
        const [thickness, inset] = options.frame ?? [0, 0];
        const wall = thickness + inset + (options.padding ?? 0);
        const [, left, , right] = breast.box;
        const gap = chest === "left" ? left - wall : size.width - wall - right;
        assert.ok(Math.abs(gap) <= 2, `${where}: the crop begins ${gap} pixels from the chest wall`);
      }
  });

test("a padding value is the air's where it is most of the picture, and not where it is an edge", () => {
  const options: MammogramOptions = { ...size, chest: "left" };
  const plain = mammogram(options);
  assert.deepEqual(findBreast({ ...plain, padding: 0 }), findBreast(plain));
  // So little air that its peak is lower than the padding's.
  const tight = mammogram({ ...options, air: 300, noise: 60, padding: 42 });
  const data = tight.data
    .slice(150 * size.width, 710 * size.width)
    .filter((_, index) => index % size.width < 430);
  const image = { ...tight, height: 560, width: 430, data };
  const level = findBreast({ ...image, padding: 0 }).air?.level ?? 0;
  assert.equal(findBreast(image).air, undefined);
  assert.ok(Math.abs(level - 300) < 15, `air at ${level}`);
});

/** Lumps of fat and gland from edge to edge; the more skewed, the more of it is dark fat. */
function tissue(seed: number, skew: number): GrayImage {
  const random = new RandomStream(seed, "tissue");
  const [height, width] = [120, 100];
  const waves = Array.from({ length: 12 }, () => {
    const [y, x] = [random.nextUniform(-0.3, 0.3), random.nextUniform(-0.3, 0.3)];
    return { y, x, phase: random.nextUniform(0, 6), height: 0.1 / (0.05 + Math.hypot(y, x)) };
  });
  const data = Uint16Array.from({ length: height * width }, (_, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    const lumps = waves.reduce(
      (sum, { y, x, phase, height }) => sum + height * Math.sin(y * row + x * column + phase),
      0,
    );
    return Math.max(0, Math.round(1500 * Math.exp(skew * lumps) + 60 * random.nextNormal()));
  });
  return { height, width, bits: 16, data };
}

test("a picture of tissue from edge to edge is left as it is", () => {
  for (let seed = 0; seed < 60; seed++)
    for (const skew of [0.2, 0.35, 0.5]) {
      const { box, air, mask, isRegion, missing } = findBreast(tissue(seed, skew));
      // Bright lumps in much dark fat may look like a label on air: that is said, and nothing done.
      assert.ok(!missing || skew === 0.5);
      const where = `seed ${seed}, skew ${skew}`;
      assert.deepEqual(box, [0, 0, 120, 100], where);
      assert.deepEqual([air, mask, isRegion], [undefined, undefined, true], where);
    }
});

test("a region with skin and air keeps its field, and tells its air and its chest wall", () => {
  const image = mammogram({ ...size, chest: "right", air: 10 });
  const data = image.data.slice(300 * size.width, 500 * size.width);
  const breast = findBreast({ ...image, height: 200, data });
  assert.ok(breast.isRegion);
  assert.deepEqual(breast.box, [0, 0, 200, size.width]);
  assert.equal(breast.side, "right");
  assert.equal(breast.air?.level, 10);
});

test("a label beside a breast that fills the picture's height is blanked, a frame around it cut off", () => {
  const options: MammogramOptions = { ...size, chest: "left", view: "MLO", label: true };
  const whole = mammogram(options);
  const image = { ...whole, height: 600, data: whole.data.slice(0, 600 * size.width) };
  const breast = findBreast(image);
  assert.ok(breast.isRegion);
  assert.deepEqual(breast.box, [0, 0, 600, size.width]);
  const { data } = blankOutside({ image, boxes: [] }, breast).image;
  const clean = mammogram({ ...options, label: false }).data.subarray(0, 600 * size.width);
  const changed = data.reduce((count, value, index) => count + Number(value !== clean[index]), 0);
  assert.ok(changed < 0.001 * data.length, `${changed} pixels differ from the picture without the label`);
  for (let y = 0; y < 600; y++) image.data.fill(4095, (y + 1) * size.width - 25, (y + 1) * size.width);
  assert.deepEqual(findBreast(image).box, [0, 0, 600, size.width - 25]);
});

test("pictures without a breast are kept whole", () => {
  const image = mammogram({ ...size, chest: "left" });
  const [height, width] = [image.height, image.width];
  for (const data of [new Uint16Array(height * width), new Uint16Array(height * width).fill(4095)]) {
    const { box, mask } = findBreast({ ...image, data });
    assert.deepEqual([box, mask], [[0, 0, height, width], undefined]);
  }
  // A label on air alone.
  const label = new Uint16Array(height * width);
  for (let y = 40; y < 70; y++) label.fill(3000, y * width + 500, y * width + 600);
  for (let y = 300; y < 420; y++) label.fill(2000, y * width + 200, y * width + 210);
  const { box, mask } = findBreast({ ...image, data: label });
  assert.deepEqual([box, mask], [[0, 0, height, width], undefined]);
  const single = findBreast({ height: 1, width: 1, bits: 12, data: Uint16Array.of(7) });
  assert.deepEqual(single.box, [0, 0, 1, 1]);
});
