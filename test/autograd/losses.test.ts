import { test } from "node:test";
import { elementCount } from "../../kernels/kernel.ts";
import {
  cosineDistance,
  focalLoss,
  huberBoxLoss,
  meanSquaredError,
} from "../../src/autograd/operations/losses.ts";
import { RandomStream } from "../../src/base/random.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

const uniformValues = (count: number, low: number, high: number, name: string) => {
  const stream = new RandomStream(8, name);
  return Array.from({ length: count }, () => stream.nextUniform(low, high));
};

// Two anchors a pixel and six pixels, of which the last is filling.
const perPixel = 2;
const anchors = 10;

for (const [gamma, labelSmoothing] of [
  [1.5, 0],
  [2, 0],
  [1.5, 0.1],
])
  test(`focalLoss gradients, gamma ${gamma}, label smoothing ${labelSmoothing}`, () => {
    const numClasses = 3;
    const shape = [2, perPixel * numClasses, 2, 3];
    const targets = Int32Array.from({ length: 2 * anchors }, (_, index) => (index % (numClasses + 2)) - 2);
    checkGradients({
      name: "focalLoss",
      inputs: { logits: shape },
      values: { logits: uniformValues(elementCount(shape), -6, 6, "logits") },
      build: (tape, { logits }) =>
        focalLoss(
          tape,
          logits,
          tape.constant("class targets", [2, anchors], targets),
          tape.constant("normalizer", [1], Float32Array.of(3)),
          { numClasses, alpha: 0.25, gamma, labelSmoothing },
        ),
    });
  });

test("huberBoxLoss gradients on both sides of delta, with targets of exactly 0", () => {
  const shape = [2, perPixel * 4, 2, 3];
  const stream = new RandomStream(8, "huber");
  const targets = Float32Array.from({ length: 2 * anchors * 4 }, (_, index) =>
    index % 3 === 0 ? 0 : 0.5 + index / 64,
  );
  const codes = new Float64Array(elementCount(shape));
  for (let index = 0; index < codes.length; index++) {
    const pixel = index % 6;
    const channel = Math.floor(index / 6) % (perPixel * 4);
    const anchor = pixel * perPixel + Math.floor(channel / 4);
    const target =
      targets[(Math.floor(index / 48) * anchors + Math.min(anchor, anchors - 1)) * 4 + (channel % 4)];
    const distance = index % 2 ? stream.nextUniform(0.02, 0.08) : stream.nextUniform(0.15, 0.5);
    codes[index] = target + (stream.nextUniform() < 0.5 ? -distance : distance);
  }
  checkGradients({
    name: "huberBoxLoss",
    inputs: { codes: shape },
    values: { codes },
    build: (tape, { codes: x }) =>
      huberBoxLoss(
        tape,
        x,
        tape.constant("box targets", [2, anchors, 4], targets),
        tape.constant("normalizer", [1], Float32Array.of(3)),
        { delta: 0.1 },
      ),
  });
});

for (const shape of [
  [2, 3, 2, 3],
  [1, 3, 19, 19],
])
  test(`meanSquaredError gradients of [${shape}]`, () =>
    checkGradients({
      name: "meanSquaredError",
      inputs: { a: shape, b: shape },
      build: (tape, { a, b }) => meanSquaredError(tape, a, b),
    }));

test("cosineDistance gradients", () =>
  checkGradients({
    name: "cosineDistance",
    inputs: { a: [2, 3, 5, 7], b: [2, 3, 5, 7] },
    build: (tape, { a, b }) => cosineDistance(tape, a, b),
  }));
