import assert from "node:assert/strict";
import { test } from "node:test";
import { elementCount } from "../../kernels/kernel.ts";
import { initialValues } from "../../src/autograd/parameters.ts";
import { UserError } from "../../src/base/errors.ts";
import type { StoredTensor } from "../../src/base/safetensors.ts";
import { detectorConfig } from "../../src/detector/config.ts";
import { DetectorModule } from "../../src/detector/module.ts";
import { startFromPretrained } from "../../src/train/pretrained.ts";

const config = detectorConfig("nano", { numClasses: 2, inChannels: 1 });
const { set } = new DetectorModule("module_a", config, { features: true, headChannels: 32 });

/** A file of the same network for three colours and other classes. */
function fileOf(rename: (name: string) => string = (name) => name): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  let next = 0;
  for (const { name, shape } of [...set.parameters.entries, ...set.statistics.entries]) {
    const stored = [...shape];
    if (name === "backbone.conv_stem.weight") stored[1] = 3;
    if (name === "class_net.predict.conv_pw.bias") stored[0] = 810;
    const data = Float32Array.from({ length: elementCount(stored) }, () => next++ % 1021);
    tensors.set(rename(name), { shape: stored, data });
  }
  return tensors;
}

const valuesOf = (planes: ReturnType<typeof startFromPretrained>["planes"], name: string) => {
  const entry = set.parameters.find(name);
  assert.ok(entry, name);
  const plane = planes.get(set.plane("values")) as Float32Array;
  return plane.subarray(entry.offset, entry.offset + elementCount(entry.shape));
};

test("what fits is taken, colours are summed, the rest is drawn and named", () => {
  const tensors = fileOf();
  const { planes, drawn } = startFromPretrained(set, tensors, "coco.safetensors", 1);
  assert.deepEqual(drawn, ["class_net.predict.conv_pw.bias"]);
  const name = "backbone.blocks.1.0.conv_pw.weight";
  assert.deepEqual(valuesOf(planes, name), tensors.get(name)?.data);
  const stem = tensors.get("backbone.conv_stem.weight")?.data as Float32Array;
  const [first] = valuesOf(planes, "backbone.conv_stem.weight");
  assert.equal(first, stem[0] + stem[9] + stem[18]);
  const bias = set.parameters.find("class_net.predict.conv_pw.bias");
  const before = initialValues(set.parameters, 1, "module_a");
  assert.equal(valuesOf(planes, "class_net.predict.conv_pw.bias")[0], before[bias?.offset ?? -1]);
});

test("a backbone by itself, in timm's names, leaves pyramid and heads drawn", () => {
  const tensors = fileOf((name) => name.replace(/^backbone\./, ""));
  for (const name of [...tensors.keys()]) if (/^(fpn|class_net|box_net)/.test(name)) tensors.delete(name);
  const { drawn } = startFromPretrained(set, tensors, "b0.safetensors", 1);
  assert.ok(drawn.length > 0 && drawn.every((name) => /^(fpn|class_net|box_net)/.test(name)));
});

test("the weights of another network are refused with a tensor's name", () => {
  assert.throws(
    () => startFromPretrained(set, new Map(), "resnet.safetensors", 1),
    (error) =>
      error instanceof UserError &&
      /^resnet\.safetensors: weights of another network: .* the first is backbone\./.test(error.message),
  );
});
