// The whole detection loss and its gradients, with ignored anchors and targets of exactly 0.
import { test } from "node:test";
import { packLevels } from "../../src/autograd/operations/pyramid.ts";
import { detectorConfig } from "../../src/detector/config.ts";
import { defaultLoss, detectionLoss } from "../../src/detector/detector.ts";
import { sharedEngine } from "../helpers/engine.ts";
import {
  below,
  type GoldenTensor,
  type GoldenTensors,
  goldenValues,
  loadGolden,
} from "../helpers/goldens.ts";
import { checkOperators, type OperatorCase } from "../helpers/operatorCase.ts";

const engine = sharedEngine();
const levels = [0, 1, 2, 3, 4];
const batch = 2;

/** The levels' tensors [N, …] one after the other in each sample, which is the order of the anchors. */
function joinLevels(tensors: GoldenTensors, name: string): number[] {
  const samples = Array.from({ length: batch }, (_, sample) =>
    levels.flatMap((level) => {
      const values = goldenValues(tensors, `${name}.${level}`);
      const size = values.length / batch;
      return Array.from(values.subarray(sample * size, (sample + 1) * size));
    }),
  );
  return samples.flat();
}

const scalar = (value: number): GoldenTensor => ({ shape: [1], values: Float64Array.of(value) });

function lossCase(name: string, golden: GoldenTensors, gamma: number): OperatorCase {
  const numClasses = 3;
  const config = detectorConfig("d0", { numClasses, inChannels: 1 });
  const classTargets = Int32Array.from(joinLevels(golden, "cls_targets"));
  const boxTargets = Float32Array.from(joinLevels(golden, "box_targets"));
  const positives = goldenValues(golden, "num_positives").reduce((sum, count) => sum + count, 0);
  const anchors = classTargets.length / batch;
  const tensors = new Map<string, GoldenTensor>();
  for (const [index, output] of ["cls", "box"].entries())
    for (const level of levels) {
      const x = golden.get(`${output}.${level}`)!;
      const slope = goldenValues(golden, `${name}.d${output}.${level}`);
      tensors.set(`x.${5 * index + level}`, x);
      tensors.set(`dx.${5 * index + level}`, { shape: x.shape, values: slope });
    }
  // The gradient is that of the total alone.
  goldenValues(golden, `${name}.total_cls_box`).forEach((loss, index) => {
    tensors.set(`y.${index}`, scalar(loss));
    tensors.set(`dy.${index}`, scalar(index === 0 ? 1 : 0));
  });
  return {
    name,
    tensors,
    build({ tape }, inputs) {
      const predictions = {
        classLogits: packLevels(tape, inputs.slice(0, 5)),
        boxCodes: packLevels(tape, inputs.slice(5)),
      };
      const targets = {
        classTargets: tape.constant("class targets", [batch, anchors], classTargets),
        boxTargets: tape.constant("box targets", [batch, anchors, 4], boxTargets),
        normalizer: tape.constant("normalizer", [1], Float32Array.of(positives + 1)),
      };
      const loss = detectionLoss(tape, config, predictions, targets, { ...defaultLoss, gamma });
      return [loss.total, loss.classLoss, loss.boxLoss];
    },
  };
}

test("detection loss", async (context) => {
  const golden = below(loadGolden("ops_loss").tensors, "detloss/");
  // Label smoothing is an option of the focal loss, tested there, but not of the detector.
  const cases = [lossCase("default", golden, 1.5), lossCase("gamma2", golden, 2)];
  await checkOperators(context, engine.current, cases);
});
