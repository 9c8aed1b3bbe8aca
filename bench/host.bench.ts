// What the host does around the kernels: recording, planning and encoding a training step, and detections from outputs.
import { Bench } from "tinybench";
import { RandomStream } from "../src/base/random.ts";
import { detectorConfig, levelSizes } from "../src/detector/config.ts";
import { type DetectorOutputs, postprocess } from "../src/detector/postprocess.ts";
import { describeAdapter } from "../src/engine/adapter.ts";
import { type Engine, withEngine } from "../src/engine/engine.ts";
import { planTape } from "../src/engine/plan.ts";
import { compile, encodeDispatch } from "../src/engine/program.ts";
import { recordPrograms } from "./suites.ts";

/** One image's outputs of D0 at 512x512: logits around those of an untrained head, boxes of 40 pixels anywhere. */
function makeOutputs(): DetectorOutputs {
  const random = new RandomStream(1, "outputs");
  const config = detectorConfig("d0", { numClasses: 2, inChannels: 1 });
  const pixels = levelSizes(config, 512, 512).reduce((sum, [height, width]) => sum + height * width, 0);
  const boxes = Array.from({ length: 9 * pixels }, () => {
    const [y, x] = [random.nextUniform(0, 472), random.nextUniform(0, 472)];
    return [y, x, y + 40, x + 40];
  });
  const classLogits = Float32Array.from({ length: 18 * pixels }, () => random.nextNormal() - 4);
  return { classLogits, boxes: Float32Array.from(boxes.flat()) };
}

async function addEncoding(bench: Bench, engine: Engine): Promise<void> {
  const tape = recordPrograms("nano")["nano training"];
  const { dispatches } = await compile(engine, "nano training", tape, {});
  bench.add(`encode nano's training step, ${dispatches.length} dispatches`, () => {
    const encoder = engine.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const dispatch of dispatches) encodeDispatch(pass, dispatch);
    pass.end();
    encoder.finish();
  });
}

await withEngine({ tuning: "off" }, async (engine) => {
  const bench = new Bench({ time: 1000 });
  const d0 = recordPrograms("d0")["d0 training"];
  const levels = makeOutputs();
  bench.add("record nano's training step and inference", () => {
    recordPrograms("nano");
  });
  bench.add(`plan d0's training step, ${d0.operations.length} operations`, () => {
    planTape(d0, []);
  });
  await addEncoding(bench, engine);
  bench.add("detections from d0's outputs, 98,208 logits", () => {
    postprocess(levels);
  });
  await bench.run();
  console.log(`Node ${process.version}, ${describeAdapter(engine.adapter)}`);
  console.table(
    bench.tasks.map(({ name, result }) => {
      if (result.state !== "completed") throw new Error(`${name}: ${result.state}`);
      const { p50, p75, samplesCount, rme } = result.latency;
      return {
        task: name,
        "median ms": p50.toFixed(3),
        "75% ms": p75.toFixed(3),
        "mean ±": `${rme.toFixed(1)}%`,
        samples: samplesCount,
      };
    }),
  );
});
