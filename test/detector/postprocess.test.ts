import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBoxes } from "../../kernels/decodeBoxes.ts";
import { type Box, boxArea, intersectionOverUnion } from "../../src/base/boxes.ts";
import { UserError } from "../../src/base/errors.ts";
import { packageRoot } from "../../src/base/files.ts";
import { RandomStream } from "../../src/base/random.ts";
import { parseSafetensors, type StoredTensor } from "../../src/base/safetensors.ts";
import { anchorsPerCell, makeAnchors } from "../../src/detector/anchors.ts";
import { detectorConfig, levelSizes } from "../../src/detector/config.ts";
import {
  bestCandidates,
  type Candidate,
  clipBox,
  type DetectorOutputs,
  postprocess,
  suppressOverlaps,
} from "../../src/detector/postprocess.ts";
import { assertClose } from "../helpers/compare.ts";

const goldens = join(packageRoot(), "test", "goldens");
const { tensors } = parseSafetensors(readFileSync(join(goldens, "postprocess.safetensors")), "goldens");

/** One image's part of a golden tensor whose first extent is the batch. */
function ofImage(name: string, image: number): Float32Array {
  const { data, shape } = tensors.get(name) as StoredTensor & { data: Float32Array };
  const size = data.length / shape[0];
  return data.subarray(image * size, (image + 1) * size);
}

const anchors = tensors.get("anchors_yxyx")!.data as Float32Array;

/** The levels' maps [channels, h, w] pixel after pixel: [channels, pixels]. */
function packed(levels: readonly Float32Array[], channels: number): Float32Array {
  const rows = Array.from({ length: channels }, (_, channel) =>
    levels.flatMap((level) => {
      const pixels = level.length / channels;
      return Array.from(level.subarray(channel * pixels, (channel + 1) * pixels));
    }),
  );
  return Float32Array.from(rows.flat());
}

/** Outputs from the levels' logits and box codes, decoded by the kernel's reference. */
function decoded(
  levels: readonly { readonly classLogits: Float32Array; readonly boxCodes: Float32Array }[],
  of: Float32Array,
): DetectorOutputs {
  const channels = (4 * anchorsPerCell * levels[0].classLogits.length) / levels[0].boxCodes.length;
  const codes = packed(
    levels.map(({ boxCodes }) => boxCodes),
    4 * anchorsPerCell,
  );
  const [anchors, pixels] = [of.length / 4, of.length / (4 * anchorsPerCell)];
  const boxes = new Float64Array(of.length);
  const buffers = { codes: Float64Array.from(codes), anchors: Float64Array.from(of), boxes };
  decodeBoxes.reference({ batch: 1, perPixel: anchorsPerCell, pixels, anchors }, buffers);
  const logits = levels.map(({ classLogits }) => classLogits);
  return { classLogits: packed(logits, channels), boxes: Float32Array.from(boxes) };
}

/** The outputs of one image, with logits of `class_logits` or `class_out`. */
const outputsOf = (logits: string, image: number): DetectorOutputs =>
  decoded(
    [3, 4, 5, 6, 7].map((level) => ({
      classLogits: ofImage(`${logits}.${level}`, image),
      boxCodes: ofImage(`box_out.${level}`, image),
    })),
    anchors,
  );

/** In pixels: some roundings of float32 at coordinates up to some hundreds. */
const pixels = { absolute: 1e-4, relative: 1e-6 };

const toXyxy = ([yMin, xMin, yMax, xMax]: Box): number[] => [xMin, yMin, xMax, yMax];

for (const image of [0, 1])
  test(`the 5,000 best candidates and their boxes agree with effdet, image ${image}`, () => {
    const candidates = bestCandidates(outputsOf("class_logits", image), 5000);
    const column = (pick: (candidate: Candidate) => number) => candidates.map(pick);
    assert.deepEqual(
      column(({ anchor }) => anchor),
      [...ofImage("topk.anchor_index", image)],
    );
    assert.deepEqual(
      column(({ label }) => label - 1),
      [...ofImage("topk.class_index0", image)],
    );
    assert.deepEqual(
      column(({ logit }) => logit),
      [...ofImage("topk.logits", image)],
    );
    assertClose(
      candidates.flatMap(({ box }) => toXyxy(box)),
      ofImage("topk.decoded_xyxy", image),
      pixels,
      "decoded",
    );
  });

/** Rows xmin, ymin, xmax, ymax, score, class of effdet's detections. */
function assertDetections(
  detections: ReturnType<typeof postprocess>,
  expected: Float32Array,
  scale: number,
): void {
  assert.deepEqual(
    detections.map(({ label }) => label),
    [...expected.filter((_, index) => index % 6 === 5)],
  );
  const rows = detections.flatMap(({ box, score, label }) => [
    ...toXyxy(box).map((edge) => edge * scale),
    score,
    label,
  ]);
  const scores = (values: ArrayLike<number>) => Array.from(values).filter((_, index) => index % 6 === 4);
  assertClose(scores(rows), scores(expected), { absolute: 0, relative: 1e-6 }, "scores");
  assertClose(rows, expected, pixels, "detections");
}

/** effdet clips to the original image in units of the network's input. */
function clipOf(image: number): { height: number; width: number } {
  const [scale] = ofImage("img_scale", image);
  const [width, height] = ofImage("img_size_wh", image);
  return { height: height / scale, width: width / scale };
}

for (const image of [0, 1])
  for (const clipped of [false, true])
    test(`NMS keeps what effdet keeps, image ${image}, ${clipped ? "clipped" : "not clipped"}`, () => {
      const name = clipped ? "img_info" : "plain";
      const clip = clipped ? clipOf(image) : undefined;
      const outputs = outputsOf("class_logits", image);
      const boxes = bestCandidates(outputs, 5000).map(({ box, label }) => ({
        box: clip ? clipBox(box, clip) : box,
        label,
      }));
      const kept = suppressOverlaps(boxes, 0.5, 5000);
      assert.deepEqual(kept, [...(tensors.get(`${name}.nms.keep.${image}`)!.data as Int32Array)]);
      const scale = clipped ? ofImage("img_scale", image)[0] : 1;
      const expected = ofImage(`${name}.nms.detections`, image);
      assertDetections(postprocess(outputs, { clip }), expected, scale);
    });

for (const image of [0, 1])
  test(`detections of the network's own logits agree with effdet, image ${image}`, () =>
    assertDetections(postprocess(outputsOf("class_out", image)), ofImage("direct.nms.detections", image), 1));

interface HardNms {
  name: string;
  boxes_xyxy: [number, number, number, number][];
  scores: number[];
  classes: number[];
  iou_threshold: number;
  expected: Record<
    "keep_class_agnostic" | "keep_class_wise" | "keep_class_wise_max5" | "class_wise_score_above_0_05_max100",
    number[]
  >;
}

const hardCases: HardNms[] = JSON.parse(readFileSync(join(goldens, "evaluation", "nms.json"), "utf8"));

for (const { name, boxes_xyxy, scores, classes, iou_threshold: iou, expected } of hardCases)
  test(`NMS keeps what torchvision keeps: ${name}`, () => {
    const keep = (labels: readonly number[], most: number, threshold = -Infinity) => {
      const order = scores.map((_, index) => index).filter((index) => scores[index] > threshold);
      order.sort((a, b) => scores[b] - scores[a] || a - b);
      const boxes = order.map((index) => {
        const [x0, y0, x1, y1] = boxes_xyxy[index];
        return { box: [y0, x0, y1, x1] as const, label: labels[index] };
      });
      return suppressOverlaps(boxes, iou, most).map((rank) => order[rank]);
    };
    const oneClass = classes.map(() => 1);
    assert.deepEqual(keep(oneClass, Infinity), expected.keep_class_agnostic);
    assert.deepEqual(keep(classes, Infinity), expected.keep_class_wise);
    assert.deepEqual(keep(classes, 5), expected.keep_class_wise_max5);
    assert.deepEqual(keep(classes, 100, 0.05), expected.class_wise_score_above_0_05_max100);
  });

/** Outputs for nano at 128 × 256 with two classes, logits from small whole numbers, so that they tie. */
function randomOutputs(seed: number): DetectorOutputs {
  const config = detectorConfig("nano", { inChannels: 1, numClasses: 2 });
  const stream = new RandomStream(seed, "outputs");
  const fill = (count: number, next: () => number) => Float32Array.from({ length: count }, next);
  const levels = levelSizes(config, 128, 256).map(([height, width]) => ({
    classLogits: fill(18 * height * width, () => stream.nextInteger(9) - 6),
    boxCodes: fill(36 * height * width, () => stream.nextNormal() / 4),
  }));
  return decoded(levels, makeAnchors(config, 128, 256));
}

test("detections come best first, above the threshold, clipped, and apart within a class", () =>
  fc.assert(
    fc.property(fc.nat(1000), fc.constantFrom(0.1, 0.5, 0.9), (seed, nmsIou) => {
      const outputs = randomOutputs(seed);
      const clip = { height: 128, width: 256 };
      const options = { maxCandidates: 400, clip, nmsIou, maxDetections: 60, scoreThreshold: 0.3 };
      const detections = postprocess(outputs, options);
      assert.ok(detections.length > 0 && detections.length <= 60);
      detections.forEach(({ box, score, label }, index) => {
        assert.ok(score > 0.3 && (index === 0 || score <= detections[index - 1].score));
        assert.ok(box[0] >= 0 && box[1] >= 0 && box[2] <= 128 && box[3] <= 256 && boxArea(box) >= 0);
        for (const better of detections.slice(0, index))
          assert.ok(better.label !== label || intersectionOverUnion(better.box, box) <= nmsIou);
      });
    }),
    { numRuns: 20 },
  ));

test("of equal logits the first anchors and classes go on, and all when there are fewer than asked for", () => {
  const outputs = randomOutputs(1);
  const all = bestCandidates(outputs, Infinity);
  assert.equal(all.length, (2 * outputs.boxes.length) / 4);
  all.slice(1).forEach(({ anchor, label, logit }, index) => {
    const before = all[index];
    const later = anchor > before.anchor || (anchor === before.anchor && label > before.label);
    assert.ok(logit < before.logit || (logit === before.logit && later));
  });
  assert.deepEqual(bestCandidates(outputs, 137), all.slice(0, 137));
});

test("outputs that are NaN are refused", () => {
  const outputs = randomOutputs(2);
  assert.throws(() => postprocess({ ...outputs, boxes: outputs.boxes.map(() => NaN) }), UserError);
  outputs.classLogits[5] = NaN;
  assert.throws(() => postprocess(outputs), UserError);
});
