import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { initialValues } from "../../src/autograd/parameters.ts";
import { UserError } from "../../src/base/errors.ts";
import { encodeSafetensors, parseSafetensors } from "../../src/base/safetensors.ts";
import { detectorConfig } from "../../src/detector/config.ts";
import { DetectorModule } from "../../src/detector/module.ts";
import { loadModule, loadState, saveModule, saveState } from "../../src/train/checkpoint.ts";
import { prepareSets } from "../../src/train/step.ts";
import { sharedEngine } from "../helpers/engine.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-checkpoint-"));
after(() => rmSync(folder, { recursive: true }));
const engine = sharedEngine();

const config = detectorConfig("nano", { numClasses: 2, inChannels: 1 });
const newModule = (name: string, numClasses = 2) =>
  new DetectorModule(
    name,
    { ...config, numClasses },
    { features: true, headChannels: config.pyramidChannels },
  );

function draw(module: DetectorModule, seed: number): void {
  const { set } = module;
  engine.current.writePlane(set.plane("values"), initialValues(set.parameters, seed, set.name));
  engine.current.writePlane(set.plane("statistics"), initialValues(set.statistics, seed, set.name));
}

const refused = (path: string, module: DetectorModule, message: RegExp) =>
  assert.rejects(loadModule(engine.current, module.set, path), (error: Error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.ok(error.message.startsWith(`${path}: `) && !error.message.includes("\n"));
    return true;
  });

test("a module comes back bit for bit, under the reference's names", async () => {
  const [first, second] = [newModule("first"), newModule("second")];
  draw(first, 1);
  draw(second, 2);
  const path = join(folder, "module.safetensors");
  await saveModule(engine.current, first.set, path, { model: "nano" });
  await loadModule(engine.current, second.set, path);
  for (const plane of ["values", "statistics"] as const)
    assert.deepEqual(
      await engine.current.readPlane(second.set.plane(plane)),
      await engine.current.readPlane(first.set.plane(plane)),
    );
  const { tensors } = parseSafetensors(readFileSync(path), path);
  assert.deepEqual(tensors.get("backbone.blocks.1.0.conv_dw.weight")?.shape, [24, 1, 3, 3]);
  assert.deepEqual(tensors.get("box_net.predict.conv_pw.bias")?.shape, [36]);
});

test("a training state comes back with its progress", async () => {
  const module = newModule("trained");
  draw(module, 3);
  await prepareSets(engine.current, [module.set]);
  const path = join(folder, "state.safetensors");
  const progress = { epoch: 2, batch: 3, step: 17, sums: { loss: 0.1 + 0.2 } };
  await saveState(engine.current, [module.set], path, progress);
  const before = await engine.current.readPlane(module.set.plane("average"));
  engine.current.writePlane(module.set.plane("average"), new Float32Array(before.length));
  assert.deepEqual(await loadState(engine.current, [module.set], path), progress);
  assert.deepEqual(await engine.current.readPlane(module.set.plane("average")), before);
});

test("a checkpoint of another model, a missing one and a cut one are refused by name", async () => {
  const module = newModule("module");
  const path = join(folder, "other.safetensors");
  draw(module, 4);
  await saveModule(engine.current, module.set, path, {});
  await refused(
    path,
    newModule("wider", 3),
    /another model: class_net\.predict\.conv_pw\.weight is \[18,32,1,1\], .* \[27,32,1,1\]/,
  );
  const featuresAlone = new DetectorModule("features", config, { features: true, headChannels: 0 });
  await refused(path, featuresAlone, /another model: features has no class_net/);
  await refused(join(folder, "absent.safetensors"), module, /cannot be read \(ENOENT/);
  const bytes = readFileSync(path);
  const cut = join(folder, "cut.safetensors");
  writeFileSync(cut, bytes.subarray(0, bytes.length - 100));
  await refused(cut, module, /the file is cut short or damaged/);
  const { tensors } = parseSafetensors(bytes, path);
  const fewer = new Map([...tensors].filter(([name]) => name !== "fpn.cell.1.fnode.3.combine.edge_weights"));
  const lacking = join(folder, "lacking.safetensors");
  writeFileSync(lacking, encodeSafetensors(fewer));
  await refused(lacking, module, /fpn\.cell\.1\.fnode\.3\.combine\.edge_weights is missing/);
});
