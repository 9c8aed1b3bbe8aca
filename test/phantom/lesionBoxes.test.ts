import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../../src/base/boxes.ts";
import { RandomStream } from "../../src/base/random.ts";
import { defaultAcquisition, projectScene } from "../../src/phantom/acquisition.ts";
import { finishBox } from "../../src/phantom/lesionBoxes.ts";
import { drawLesionPlan, lesionTypes } from "../../src/phantom/lesions.ts";
import { buildScene } from "../../src/phantom/scene.ts";
import { exposePair } from "../../src/phantom/simulatePair.ts";

const size = 128;
const optionsFor = (index: number) => {
  const type = lesionTypes[index % 2];
  const plan = drawLesionPlan(type, new RandomStream(9, `plan ${index}`));
  const density = (["scattered", "heterogeneous", "fatty"] as const)[index % 3];
  return { seed: 9, name: `box ${index}`, rows: size, columns: size, spacing: 0.3, density, lesions: [plan] };
};

/** Extent of what is above a share of the maximum. */
function extent(data: Float32Array, share: number): Box {
  const level = share * data.reduce((most, value) => Math.max(most, value), 0);
  let [top, left, bottom, right] = [size, size, 0, 0];
  data.forEach((value, index) => {
    if (value <= level) return;
    const [row, column] = [Math.floor(index / size), index % size];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
  });
  return [top, left, bottom, right];
}

const minus = (a: Float32Array, b: Float32Array) => a.map((value, index) => value - b[index]);

test("the FFDM box holds the lesion's shadow and little more", () => {
  for (let index = 0; index < 12; index++) {
    const options = optionsFor(index);
    const built = buildScene(options, defaultAcquisition);
    const without = buildScene({ ...options, lesions: [] }, defaultAcquisition);
    const shadow = minus(projectScene(built.scene, 0, 0).data, projectScene(without.scene, 0, 0).data);
    const [{ ffdmBox: box }] = built.lesions;
    const bright = extent(shadow, 0.25);
    assert.ok(bright[0] >= box[0] && bright[1] >= box[1] && bright[2] <= box[2] && bright[3] <= box[3]);
    const whole = extent(shadow, 0.01);
    const slack = box.map((edge, side) => (side < 2 ? whole[side] - edge : edge - whole[side]));
    assert.ok(
      slack.every((pixels) => pixels <= 3),
      `${box} around ${whole}`,
    );
  }
});

test("the SM box holds the centre of what the lesion adds to the SM, and its brightest point", () => {
  for (let index = 0; index < 4; index++) {
    const options = optionsFor(index);
    const built = exposePair(options, defaultAcquisition);
    const without = exposePair({ ...options, lesions: [] }, defaultAcquisition);
    const added = minus(built.sm.plane.data, without.sm.plane.data);
    const [{ smBox: box, ffdmBox }] = built.lesions;
    const [top, left, bottom, right] = extent(added, 0.7);
    assert.ok(top >= box[0] && left >= box[1] && bottom <= box[2] && right <= box[3], `${box}`);
    assert.ok(box[2] - box[0] >= ffdmBox[2] - ffdmBox[0], "blur along the travel does not make it smaller");
  }
});

test("a small box grows to six pixels and a margin, and none leaves the image", () => {
  assert.deepEqual(finishBox([20, 30, 22, 32], 64, 64), [18, 28, 24, 34]);
  assert.deepEqual(finishBox([0.4, 60, 20.2, 63.7], 64, 64), [0, 58, 22, 64]);
});
