import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-web";
import { initialValues, type Plane } from "../../src/autograd/parameters.ts";
import { RandomStream } from "../../src/base/random.ts";
import { detectorOutputs } from "../../src/detector/inference.ts";
import { compile } from "../../src/engine/program.ts";
import { exportOnnx, readerOf } from "../../src/export/exportOnnx.ts";
import { makeConfig } from "../../src/regime/config.ts";
import { recordInference, recordModel } from "../../src/regime/detect.ts";
import { comparedModels, type Model } from "../../src/regime/models.ts";
import { type Modules, modulesOf } from "../../src/regime/modules.ts";
import { inputsOf } from "../../src/train/step.ts";
import { sharedEngine } from "../helpers/engine.ts";

const shared = sharedEngine();
const classes = 2;

/** First values, with running statistics away from 0 and 1, so that folding has something to fold. */
function drawPlanes(modules: Modules, names: readonly string[]): Map<Plane, Float32Array<ArrayBuffer>> {
  const planes = new Map<Plane, Float32Array<ArrayBuffer>>();
  for (const name of names) {
    const { set } = modules[name];
    planes.set(set.plane("values"), initialValues(set.parameters, 1, name));
    const stream = new RandomStream(1, `statistics of ${name}`);
    const statistics = initialValues(set.statistics, 1, name);
    planes.set(
      set.plane("statistics"),
      statistics.map((value) => value + stream.nextUniform(-0.2, 0.2)),
    );
  }
  return planes;
}

async function runOurs(
  model: Model,
  planes: Map<Plane, Float32Array<ArrayBuffer>>,
  shape: Shape,
  image: Float32Array,
) {
  const engine = shared.current;
  for (const [plane, values] of planes) engine.writePlane(plane, values);
  const { tape, outputs } = recordInference(model, shape);
  const program = await compile(engine, model.name, tape, outputs);
  try {
    const read = await program.run(inputsOf(program, { sm: image, ffdm: image }));
    return Array.from({ length: shape.batch }, (_, n) => detectorOutputs(model.config, read, shape, n));
  } finally {
    program.release();
  }
}

type Shape = { batch: number; height: number; width: number; maxBoxes: number };

/** Scores [anchors, classes] from logits [9·classes, pixels], as the heads order them. */
function scoresOf(logits: Float32Array): Float32Array {
  const channels = 9 * classes;
  const pixels = logits.length / channels;
  return Float32Array.from(logits, (_, index) => {
    const [pixel, channel] = [Math.floor(index / channels), index % channels];
    return 1 / (1 + Math.exp(-logits[channel * pixels + pixel]));
  });
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

const branches = ["module_a", "module_b"];
const others = { gated: { branches, fusion: "gated" }, unfused: { branches, fusion: "heads" } };

for (const { name, padding, height, width } of [
  { name: "fused", padding: "symmetric", height: 96, width: 64 },
  { name: "base_ub", padding: "symmetric", height: 64, width: 64 },
  { name: "model_sm", padding: "same", height: 64, width: 96 },
  { name: "gated", padding: "symmetric", height: 64, width: 64 },
  { name: "unfused", padding: "symmetric", height: 64, width: 64 },
] as const)
  test(`ONNX Runtime computes what the engine does: ${name}, padding ${padding}`, async () => {
    const config = makeConfig("default", [{ source: "test", values: { models: others } }]);
    const modules = modulesOf(config, classes, padding);
    const model = comparedModels(modules, config).find((candidate) => candidate.name === name) as Model;
    const planes = drawPlanes(modules, model.modules);
    const shape = { batch: 2, height, width, maxBoxes: 1 };
    const random = new RandomStream(1, "image");
    const image = Float32Array.from({ length: 2 * height * width }, () => random.nextNormal());
    const ours = await runOurs(model, planes, shape, image);
    const recorded = recordModel(model, { ...shape, batch: 1 });
    const { logits, boxes } = recorded.outputs;
    const bytes = exportOnnx({ tape: recorded.tape, outputs: { logits, boxes }, classes }, readerOf(planes), {
      name: "detector",
      version: "0",
      description: "",
      metadata: {},
    });
    const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    try {
      const feeds = Object.fromEntries(
        session.inputNames.map((input) => [input, new OnnxTensor("float32", image, [2, 1, height, width])]),
      );
      const theirs = await session.run(feeds);
      ours.forEach(({ classLogits, boxes: ourBoxes }, n) => {
        const share = ({ data }: OnnxTensor) => {
          const values = data as Float32Array;
          return values.subarray((n * values.length) / 2, ((n + 1) * values.length) / 2);
        };
        const score = largestDifference(share(theirs.scores), scoresOf(classLogits));
        const box = largestDifference(share(theirs.boxes), ourBoxes);
        console.log(`scores within ${score.toExponential(1)}, boxes within ${box.toExponential(1)} pixels`);
        assert.ok(score < 1e-4 && box < 1e-4, `${score} and ${box}`);
      });
    } finally {
      await session.release();
    }
  });
