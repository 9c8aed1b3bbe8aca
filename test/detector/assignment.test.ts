// Label assignment on the device against an independent implementation: which anchor gets which box, class and codes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assignAnchors } from "../../src/autograd/operations/detection.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { compile } from "../../src/engine/program.ts";
import { assertClose } from "../helpers/compare.ts";
import { sharedEngine } from "../helpers/engine.ts";
import { below, type GoldenTensors, goldenValues, loadGolden } from "../helpers/goldens.ts";

const engine = sharedEngine();

const integers = (values: Float32Array): number[] => [
  ...new Int32Array(values.buffer, values.byteOffset, values.length),
];

async function assign(anchors: Float64Array, boxes: Float64Array, classes: Float64Array) {
  const tape = new Tape();
  const rows = classes.length;
  const anchorTensor = tape.constant("anchors", [anchors.length / 4, 4], Float32Array.from(anchors));
  const truth = [tape.input("boxes", [1, rows, 4]), tape.input("classes", [1, rows], "i32")] as const;
  const { matches, classTargets, boxTargets, normalizer } = assignAnchors(tape, anchorTensor, ...truth);
  const outputs = { matches, classTargets, boxTargets, normalizer };
  const program = await compile(engine.current, "assignment", tape, outputs);
  const inputs = { boxes: Float32Array.from(boxes), classes: Int32Array.from(classes) };
  const results = await program.run(inputs);
  program.release();
  return results;
}

async function compareCase(anchors: Float64Array, golden: GoldenTensors, positives: number): Promise<void> {
  let boxes = goldenValues(golden, "gt_yxyx");
  let classes = goldenValues(golden, "gt_cls");
  // An image without ground truth has one row that is not used: a batch always has rows.
  if (classes.length === 0) [boxes, classes] = [new Float64Array(4).fill(-1), Float64Array.of(-1)];
  const results = await assign(anchors, boxes, classes);
  // The golden counts rows that are used, ours are rows of the table.
  const used = [...classes.keys()].filter((row) => classes[row] >= 0);
  const matches = integers(results.matches).map((row) => (row < 0 ? -1 : used.indexOf(row)));
  assert.deepEqual(matches, [...goldenValues(golden, "match")]);
  assert.deepEqual(integers(results.classTargets), [...goldenValues(golden, "cls_targets")]);
  assert.equal(results.normalizer[0], positives + 1);
  const codes = goldenValues(golden, "box_targets");
  // Both sides are float32: coordinates up to 64 divided by anchors down to 8, and a logarithm.
  assertClose(results.boxTargets, codes, { absolute: 2e-6, relative: 1e-6 }, "box targets");
  // Codes of exactly 0 have no loss, so they must be the same ones.
  for (let index = 0; index < codes.length; index++)
    assert.equal(results.boxTargets[index] === 0, codes[index] === 0, `box targets[${index}]`);
}

interface AssignAttributes {
  readonly assign: { readonly cases: Readonly<Record<string, { readonly num_positives: number }>> };
}

const { tensors, attributes } = loadGolden<AssignAttributes>("ops_boxes");

for (const [name, { num_positives }] of Object.entries(attributes.assign.cases))
  test(`assignment: ${name.replaceAll("_", " ")}`, () =>
    compareCase(
      goldenValues(tensors, "assign/anchors_yxyx"),
      below(tensors, `assign/${name}.`),
      num_positives,
    ));
