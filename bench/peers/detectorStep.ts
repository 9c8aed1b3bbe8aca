// The real thing: a training step of EfficientDet-D0 as `diptych train` runs it, against the same model in PyTorch.

import { scheduleValues } from "../../src/autograd/operations/optimizer.ts";
import { initialValues } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { RandomStream } from "../../src/base/random.ts";
import { assignTargets } from "../../src/detector/detector.ts";
import type { DetectorModule } from "../../src/detector/module.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { compile, type Inputs } from "../../src/engine/program.ts";
import { makeConfig } from "../../src/regime/config.ts";
import { modulesOf } from "../../src/regime/modules.ts";
import { stageTasks } from "../../src/regime/stages.ts";
import { inputsOf, prepareSets, recordStep } from "../../src/train/step.ts";
import { BatchInputs, type BatchShape } from "../../src/train/task.ts";
import { type Contestant, comparedSteps, type HostTensor, type HostTensors } from "./contestant.ts";

const model = "d0";
const numClasses = 2;
const rate = 1e-4;

export interface DetectorStep {
  readonly name: string;
  readonly title: string;
  /** Of the first steps' losses, as a share of the largest: AdamW's first steps amplify roundings of small gradients. */
  readonly tolerance: number;
  /** What another library needs for the same steps: weights, image, targets, optimiser. */
  readonly request: { readonly inputs: HostTensors; readonly settings: object };
  prepare(): Promise<Contestant>;
}

/** Noise with one lesion in every other image. */
function makeInputs({ batch, height, width, maxBoxes }: BatchShape): Inputs {
  const random = new RandomStream(1, "peers/detector step");
  const boxes = new Float32Array(batch * maxBoxes * 4).fill(-1);
  const classes = new Int32Array(batch * maxBoxes).fill(-1);
  for (let sample = 0; sample < batch; sample += 2) {
    boxes.set([height / 4, width / 4, height / 2, width / 2], sample * maxBoxes * 4);
    classes[sample * maxBoxes] = 1 + ((sample / 2) % numClasses);
  }
  return {
    sm: Float32Array.from({ length: batch * height * width }, () => random.nextNormal()),
    smBoxes: boxes,
    classes,
    random: Uint32Array.of(1, 0),
    averageRate: Float32Array.of(0.1),
  };
}

const plain = (shape: readonly number[], data: HostTensor["data"]): HostTensor => ({
  shape,
  layout: "plain",
  data,
});

/** The targets that our kernels assign, in the form that other libraries take. */
async function makeTargets(
  engine: Engine,
  module: DetectorModule,
  shape: BatchShape,
  inputs: Inputs,
): Promise<HostTensors> {
  const tape = new Tape();
  const batch = new BatchInputs(tape, shape);
  const targets = assignTargets(tape, module.config, batch.image("sm"), batch.groundTruth("sm"));
  const program = await compile(engine, "targets", tape, { ...targets });
  const { classTargets, boxTargets, normalizer } = await program.run(inputsOf(program, inputs));
  program.release();
  const classes = new Int32Array(classTargets.buffer, classTargets.byteOffset, classTargets.length);
  const positives = new Float32Array(classes.length * numClasses);
  classes.forEach((value, anchor) => {
    if (value >= 0) positives[anchor * numClasses + value] = 1;
  });
  const anchors = classes.length / shape.batch;
  return {
    positives: plain([shape.batch, anchors, numClasses], positives),
    boxTargets: plain([shape.batch, anchors, 4], Float32Array.from(boxTargets)),
    normalizer: plain([1], Float32Array.from(normalizer)),
  };
}

/** D0 with one channel and two classes on a batch of square images, batch norms in training mode, AdamW. */
export async function detectorStep(engine: Engine, batch: number, side: number): Promise<DetectorStep> {
  const config = makeConfig("default", [{ source: "bench", values: { model } }]);
  const { optimizer } = config;
  const modules = modulesOf(config, numClasses);
  const task = stageTasks(modules, config).find(({ name }) => name === "module_a")!;
  const module = modules.module_a;
  const { set } = module;
  const values = initialValues(set.parameters, 1, set.name);
  const shape = { batch, height: side, width: side, maxBoxes: config.maxBoxes };
  const inputs = makeInputs(shape);
  const weights = set.parameters.entries.map(({ name, shape, offset }) => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    return [`weights/${name}`, plain(shape, values.slice(offset, offset + length))] as const;
  });
  return {
    name: `D0 training step ${side}x${side}, batch ${batch}`,
    title: `EfficientDet-D0, ${set.parameters.count.toLocaleString("en")} parameters, one channel, ${numClasses} classes: forward, losses, backward, AdamW`,
    tolerance: 2e-3,
    request: {
      inputs: {
        ...Object.fromEntries(weights),
        image: plain([batch, 1, side, side], inputs.sm as Float32Array<ArrayBuffer>),
        ...(await makeTargets(engine, module, shape, inputs)),
      },
      settings: { model, classes: numClasses, optimizer, rate },
    },
    async prepare() {
      engine.writePlane(set.plane("values"), values);
      engine.writePlane(set.plane("statistics"), initialValues(set.statistics, 1, set.name));
      await prepareSets(engine, [set]);
      const recorded = recordStep(task, shape, optimizer, "training");
      const program = await compile(engine, task.title, recorded.tape, { loss: recorded.outputs.loss });
      const scheduled = (step: number) => ({ schedule: scheduleValues(optimizer, rate, step) });
      return {
        run: async () => void (await program.run()),
        async outputs() {
          const given = { ...inputs, ...scheduled(1) };
          const losses = [(await program.run(inputsOf(program, given))).loss[0]];
          while (losses.length < comparedSteps)
            losses.push((await program.run(scheduled(losses.length + 1))).loss[0]);
          return { losses: Float32Array.from(losses) };
        },
        release() {
          program.release();
          engine.releasePlanes(program.plan.planes);
        },
      };
    },
  };
}
