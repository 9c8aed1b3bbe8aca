// A set of single images, from its published files to a detector trained on them.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { DatasetCard } from "../../src/data/import/card.ts";
import type { Results } from "../../src/regime/run.ts";
import { dicom, picture } from "../data/import/sets.ts";
import { messages, runCli } from "../helpers/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-import-"));
after(() => rmSync(folder, { recursive: true }));

/** Twelve patients, every second with a lesion in the breast. */
function writeCoco(): void {
  mkdirSync(join(folder, "set"));
  const images = Array.from({ length: 24 }, (_, id) => ({
    id,
    file_name: `${id}.dcm`,
    patient: `p${Math.floor(id / 2)}`,
    side: "L",
    view: id % 2 ? "MLO" : "CC",
  }));
  for (const { id, file_name } of images)
    writeFileSync(join(folder, "set", file_name), dicom(picture(id), file_name));
  const annotations = images
    .filter(({ id }) => id % 4 < 2)
    .map(({ id }) => ({ image_id: id, category_id: 1, bbox: [20, 70, 20, 20] }));
  const content = { images, annotations, categories: [{ id: 1, name: "mass" }] };
  writeFileSync(join(folder, "set", "coco.json"), JSON.stringify(content));
}

test("a COCO set becomes a manifest with its card, and trains the one detector that it can", async () => {
  writeCoco();
  const imported = await runCli(
    ["import", "coco", "set", "--out", "made/mass.csv", "--split", "50,25,25"],
    folder,
  );
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stdout, /^# coco: 24 rows of 12 patients$/m);
  const card: DatasetCard = JSON.parse(readFileSync(join(folder, "made", "mass.card.json"), "utf8"));
  assert.deepEqual(
    [card.withLesions, card.lesionTypes, card.boxMm],
    [12, { mass: 12 }, [10, 10, 10, 10, 10]],
  );
  assert.match(
    readFileSync(join(folder, "made", "mass.csv"), "utf8"),
    /^p0,L,CC,\.\.\/set\/0\.dcm,,70 20 90 40,,mass,\w+$/m,
  );

  writeFileSync(
    join(folder, "small.json"),
    JSON.stringify({ evaluation: { resamples: 50 }, imageSize: [64, 64] }),
  );
  const args = ["train", "--preset", "smoke", "--config", "small.json", "--data", "made/mass.csv"];
  const trained = await runCli([...args, "--out", "run"], folder);
  assert.equal(trained.code, 0, trained.stderr);
  assert.match(trained.stdout, /mass\.csv has no SM images: .* left module_c and the models model_ffdm$/m);
  assert.deepEqual(readdirSync(join(folder, "run", "checkpoints")), ["module_c.safetensors"]);
  const results: Results = JSON.parse(readFileSync(join(folder, "run", "results.json"), "utf8"));
  assert.deepEqual(Object.keys(results.models), ["model_ffdm"]);

  const pretrained = { ffdm: join(folder, "run", "checkpoints", "module_c.safetensors") };
  writeFileSync(join(folder, "small.json"), JSON.stringify({ pretrained, imageSize: [64, 64] }));
  const next = await runCli([...args, "--stage", "1", "--out", "next"], folder);
  assert.equal(next.code, 0, next.stderr);
  assert.match(next.stdout, /^module_c: starts from .*module_c\.safetensors/m);
});

test("what cannot be imported is refused in one line", async () => {
  const refuse = async (args: string[], message: RegExp) => {
    const finished = await runCli(["import", ...args], folder);
    assert.equal(finished.code, 1);
    assert.deepEqual(messages(finished).length, 1);
    assert.match(messages(finished)[0], message);
  };
  await refuse(
    ["mias", "set", "--out", "a.csv"],
    /^diptych: import mias: must be one of embed, tsynth, bcs-dbt, /,
  );
  await refuse(["embed", "set", "--out", "a.csv"], /EMBED_OpenData_metadata\.csv: no such file$/);
  await refuse(
    ["coco", "set", "--out", "a.csv", "--split", "1,2"],
    /--split 1,2: must be three shares above 0/,
  );
});
