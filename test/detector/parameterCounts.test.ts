// Trainable parameters against the published counts (google/automl, efficientdet_arch_test.py; effdet for the models
// without biases in front of batch norms). No GPU.
import assert from "node:assert/strict";
import { test } from "node:test";
import { elementCount } from "../../kernels/kernel.ts";
import { detectorConfig } from "../../src/detector/config.ts";
import { DetectorModule } from "../../src/detector/module.ts";

const networks = ["backbone", "fpn", "class_net", "box_net"] as const;

function countParameters(model: string, padding: "symmetric" | "same", numClasses: number, inChannels = 3) {
  const config = detectorConfig(model, { numClasses, inChannels, padding });
  const { set } = new DetectorModule(model, config, { features: true, headChannels: config.pyramidChannels });
  const sizes = networks.map((network) =>
    set.parameters.entries
      .filter(({ name }) => name.startsWith(`${network}.`))
      .reduce((sum, { shape }) => sum + elementCount(shape), 0),
  );
  return { total: set.parameters.count, sizes };
}

/** Backbone, BiFPN with P6, class network and box network at 90 classes, with biases in front of batch norms. */
const published: Record<string, readonly [total: number, ...sizes: number[]]> = {
  d0: [3_880_067, 3_595_388, 196_281, 69_354, 19_044],
  d1: [6_625_898, 6_101_024, 390_972, 101_394, 32_508],
  d2: [8_097_039, 7_202_562, 708_159, 136_890, 49_428],
  d3: [12_032_296, 10_103_336, 1_559_474, 247_050, 122_436],
  d4: [20_723_675, 16_742_216, 3_349_829, 402_890, 228_740],
  d5: [33_653_315, 27_288_112, 5_405_893, 591_498, 367_812],
  d6: [51_871_782, 39_403_992, 10_583_808, 1_090_986, 792_996],
  d7: [51_871_782, 39_403_992, 10_583_808, 1_090_986, 792_996],
  d7x: [77_147_166, 62_143_440, 13_112_064, 1_094_826, 796_836],
};

for (const [model, [total, ...sizes]] of Object.entries(published))
  test(`${model} has ${total.toLocaleString("en")} parameters`, () => {
    assert.deepEqual(countParameters(model, "same", 90), { total, sizes });
  });

/** Without those biases. */
const withoutBiases: Record<string, number> = { d0: 3_877_763, d1: 6_622_026, d2: 8_091_215, d3: 12_022_376 };

for (const [model, total] of Object.entries(withoutBiases))
  test(`${model} has ${total.toLocaleString("en")} parameters without biases in front of batch norms`, () => {
    assert.equal(countParameters(model, "symmetric", 90).total, total);
  });

test("D0 has the published counts at one and two classes, and 576 fewer for a single input channel", () => {
  assert.equal(countParameters("d0", "same", 1).total, 3_828_002);
  assert.equal(countParameters("d0", "same", 2).total, 3_828_587);
  assert.equal(countParameters("d0", "symmetric", 1).total, 3_825_698);
  assert.equal(countParameters("d0", "symmetric", 2).total, 3_826_283);
  assert.equal(countParameters("d0", "symmetric", 1, 1).total, 3_825_698 - 576);
});
