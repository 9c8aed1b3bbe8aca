// The main job as a user starts it: all stages on a small simulated set, to the results; and the same with a Ctrl-C in
// the middle and a resume, which must change no bit.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import type { RunAnalysis } from "../../src/regime/analyse.ts";
import type { Results } from "../../src/regime/run.ts";
import { type Finished, messages, runCli } from "../helpers/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-training-"));
after(() => rmSync(folder, { recursive: true }));

const small = {
  phantom: { patients: 10 },
  batch: 4,
  epochs: { stage1: 2, stage2: 1, stage3: 1 },
  evaluation: { resamples: 100 },
};
const read = (run: string, file: string) => readFileSync(join(folder, run, file));
const json = <T>(run: string, file: string): T => JSON.parse(read(run, file).toString());

let whole: Finished;
before(async () => {
  writeFileSync(join(folder, "small.json"), JSON.stringify(small));
  whole = await runCli(["train", "--preset", "smoke", "--config", "small.json", "--out", "whole"], folder);
});

test("the run ends by itself with a table of the five models and their differences", () => {
  assert.equal(whole.code, 0, whole.stderr);
  assert.match(whole.stdout, /^adapter: .+, (hardware|software|embedded), Dawn webgpu \d/m);
  for (const name of [
    "model_sm",
    "model_ffdm",
    "fused",
    "twin_sm",
    "base_ub",
    "fused - model_sm",
    "fused - twin_sm",
  ])
    assert.match(whole.stdout, new RegExp(`^${name} +[-+]?\\d`, "m"), name);
  assert.match(whole.stdout, /waited \d+\.\d\d s for data/);
});

test("results.json holds every figure with its interval", () => {
  const { models, differences, distillation, seconds, adapter } = json<Results>("whole", "results.json");
  assert.deepEqual(Object.keys(models).sort(), ["base_ub", "fused", "model_ffdm", "model_sm", "twin_sm"]);
  assert.deepEqual(Object.keys(differences), ["fused - model_sm", "fused - twin_sm"]);
  for (const { auc, ap, froc } of Object.values(models)) {
    for (const { value, low, high } of [auc, ap["0.1"], ap["0.5"]])
      assert.ok(low <= value && value <= high && low >= 0 && high <= 1);
    assert.deepEqual(
      froc.map((point) => point.falsePositivesPerImage),
      [0.25, 0.5, 1, 2, 4],
    );
  }
  assert.deepEqual(Object.keys(distillation.module_b), ["P3", "P4", "P5"]);
  for (const level of Object.values(distillation.module_b))
    assert.ok(level.mse > 0 && Math.abs(level.cosine) <= 1);
  assert.ok(Object.values(seconds).every((value) => value > 0));
  assert.ok((adapter as { name: string }).name.length > 0);
});

test("config.json holds everything, with versions and adapter", () => {
  const { config, versions, adapter, data } = json<Record<string, Record<string, unknown>>>(
    "whole",
    "config.json",
  );
  assert.equal(config.batch, 4);
  assert.ok(versions.diptych && versions.node && versions.webgpu && adapter.driver && data.manifest);
});

/** Metrics without what a clock says. */
function metrics(run: string): unknown[] {
  const lines = read(run, "metrics.jsonl").toString().trimEnd().split("\n");
  return lines.map((line) => {
    const { seconds, imagesPerSecond, waitSeconds, ...rest } = JSON.parse(line);
    return rest;
  });
}

test("batch norms normalise by the batch in the first epoch of what starts new, and never in what starts trained", () => {
  const epochs = metrics("whole") as { task: string; epoch?: number; batchStatistics?: boolean }[];
  const byBatch = epochs.filter(({ batchStatistics }) => batchStatistics);
  assert.ok(byBatch.every(({ epoch }) => epoch === 1));
  const trained = new Set(epochs.filter(({ epoch }) => epoch !== undefined).map(({ task }) => task));
  for (const { task } of byBatch) trained.delete(task);
  assert.deepEqual([...trained], ["module_b"]);
});

test("stopping twice and resuming gives the same bits as an uninterrupted run", async () => {
  const stopAt = (args: string[], line: RegExp) => {
    let sent = false;
    return runCli(args, folder, (stdout, signal) => {
      if (sent || !line.test(stdout)) return;
      sent = true;
      signal("SIGINT");
    });
  };
  const start = ["train", "--preset", "smoke", "--config", "small.json", "--out", "resumed"];
  const resume = ["train", "--resume", "resumed"];
  const first = await stopAt(start, /module_a on SM: epoch 1\/2/);
  assert.equal(first.code, 130, first.stderr);
  assert.match(first.stdout, /stopped and saved; go on with: node train\.mjs --resume resumed/);
  assert.ok(readdirSync(join(folder, "resumed", "checkpoints")).includes("module_a.state.safetensors"));
  const second = await stopAt(resume, /stage 2.*: a step is/);
  assert.equal(second.code, 130, second.stderr);
  assert.match(second.stdout, /module_a on SM: goes on after step [34]$/m);
  const third = await runCli(resume, folder);
  assert.equal(third.code, 0, third.stderr);
  assert.match(third.stdout, /module_a on SM: already trained/);

  const checkpoints = readdirSync(join(folder, "whole", "checkpoints"));
  assert.equal(checkpoints.length, 7);
  assert.deepEqual(readdirSync(join(folder, "resumed", "checkpoints")), checkpoints);
  for (const file of [...checkpoints.map((name) => join("checkpoints", name)), "detections.json"])
    assert.ok(read("resumed", file).equals(read("whole", file)), file);
  assert.deepEqual(metrics("resumed"), metrics("whole"));
  const figures = (run: string) => {
    const { seconds, costs, ...rest } = json<Results>(run, "results.json");
    return rest;
  };
  assert.deepEqual(figures("resumed"), figures("whole"));
});

test("resuming with another tuning than the run began with says so in one line that names both", async () => {
  assert.equal(json<{ tuning: string }>("whole", "config.json").tuning, "none");
  assert.equal(json<Results>("whole", "results.json").tuning, "none");
  const config = join(folder, "whole", "config.json");
  const before = readFileSync(config, "utf8");
  const resume = () => runCli(["train", "--resume", "whole", "--stage", "1"], folder);
  const same = await resume();
  assert.doesNotMatch(same.stdout, /tuning/);
  writeFileSync(config, before.replace('"tuning": "none"', '"tuning": "0123456789ab"'));
  const other = await resume();
  writeFileSync(config, before);
  assert.equal(other.code, 0, other.stderr);
  const lines = other.stdout.split("\n").filter((line) => /tuning/.test(line));
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^warning: tuning none is not that which the run began with, 0123456789ab: /);
});

test("a damaged image stops the run with one line that names the file", async () => {
  const { data } = json<{ data: { manifest: string } }>("whole", "config.json");
  const made = await runCli(["phantom", "--out", "set", "--patients", "6"], folder);
  assert.equal(made.code, 0, made.stderr);
  assert.notEqual(data.manifest, join(folder, "set", "manifest.csv"));
  const [image] = readdirSync(join(folder, "set", "images")).filter((name) => name.includes("_sm"));
  const path = join(folder, "set", "images", image);
  writeFileSync(path, readFileSync(path).subarray(0, 2000));
  const args = [
    "train",
    "--preset",
    "smoke",
    "--data",
    join("set", "manifest.csv"),
    "--batch",
    "2",
    "--out",
    "damaged",
  ];
  const finished = await runCli(args, folder);
  assert.equal(finished.code, 1);
  const [line, ...others] = messages(finished);
  assert.ok(line.includes(image), line);
  assert.deepEqual(others, []);
});

test("evaluate gives the run's own figures on its own test pairs", async () => {
  const finished = await runCli(
    ["evaluate", "whole", "--models", "fused", "model_sm", "--json", "again.json"],
    folder,
  );
  assert.equal(finished.code, 0, finished.stderr);
  const again = JSON.parse(readFileSync(join(folder, "again.json"), "utf8")) as Results;
  const { models, differences } = json<Results>("whole", "results.json");
  assert.deepEqual(again.models, { fused: models.fused, model_sm: models.model_sm });
  assert.deepEqual(again.differences, { "fused - model_sm": differences["fused - model_sm"] });
  const other = await runCli(["evaluate", "whole", "--models", "fusedd"], folder);
  assert.deepEqual(messages(other), [
    "diptych: model fusedd: must be one of model_sm, model_ffdm, fused, twin_sm, base_ub",
  ]);
});

test("predict tells lesions in the files' pixels, and a bad file stops no other", async () => {
  const { manifest } = json<{ data: { manifest: string } }>("whole", "config.json").data;
  const images = join(dirname(manifest), "images");
  const [first, second] = readdirSync(images)
    .filter((name) => name.endsWith("_sm.dcm"))
    .map((name) => join(images, name));
  writeFileSync(join(folder, "bad.dcm"), "no image");
  const args = ["predict", "whole", first, "bad.dcm", second, "--threshold", "0", "--batch", "2"];
  const finished = await runCli(
    [...args, "--csv", "found.csv", "--overlays", "drawn", "--sr", "reports"],
    folder,
  );
  assert.equal(finished.code, 1);
  assert.match(finished.stdout, /bad\.dcm: neither a PNG nor a DICOM file$/m);
  assert.match(finished.stdout, /1 of 3 images could not be used$/m);
  const found = JSON.parse(readFileSync(join(folder, "predictions.json"), "utf8"));
  assert.deepEqual(
    found.images.map(({ file }: { file: string }) => file),
    [first, second],
  );
  const [{ lesions, height, width }] = found.images;
  assert.ok(lesions.length > 0);
  for (const { box, score } of lesions) {
    const [yMin, xMin, yMax, xMax] = box;
    assert.ok(yMin >= 0 && xMin >= 0 && yMax <= height && xMax <= width && yMin <= yMax && xMin <= xMax);
    assert.ok(score > 0 && score < 1);
  }
  const lines = readFileSync(join(folder, "found.csv"), "utf8").trimEnd().split("\n");
  assert.equal(
    lines.length - 1,
    found.images.flatMap((image: { lesions: unknown[] }) => image.lesions).length,
  );
  assert.equal(readdirSync(join(folder, "drawn")).length, 2);
  const reports = readdirSync(join(folder, "reports"));
  assert.ok(reports.length >= 1 && reports.every((name) => name.endsWith(".sr.dcm")), reports.join());
  const both = await runCli(["predict", "whole", first, "--model", "base_ub"], folder);
  assert.match(
    messages(both)[0],
    /^diptych: model base_ub: sees sm and ffdm of a pair; predict takes models of one image$/,
  );
});

test("analyse says where the gain comes from, and leaves it in the run's folder", async () => {
  const finished = await runCli(["analyse", "whole"], folder);
  assert.equal(finished.code, 0, finished.stderr);
  const { subgroups, readers, features, probes, similarities } = json<RunAnalysis>("whole", "analysis.json");
  const lesions = subgroups.filter(({ dimension }) => dimension === "type");
  assert.ok(lesions.length > 0 && subgroups.some(({ dimension }) => dimension === "d' in the FFDM"));
  const { bothRight, onlyFirst, onlySecond, bothWrong } = readers?.lesions.table ?? assert.fail("no readers");
  assert.equal(
    bothRight + onlyFirst + onlySecond + bothWrong,
    lesions.reduce((sum, group) => sum + group.lesions, 0),
  );
  assert.ok(features["module_b -> module_c"] && features["random -> module_c"]);
  assert.deepEqual(Object.keys(probes), ["module_a", "module_c", "module_a2", "module_b", "random"]);
  assert.deepEqual(similarities, json<Results>("whole", "results.json").distillation);
  assert.match(finished.stdout, /^module_b -> module_c +-?\d/m);
});

test("report is one page that loads nothing, with figures, curves, subgroups and pictures", async () => {
  const set = dirname(json<{ data: { manifest: string } }>("whole", "config.json").data.manifest);
  const told = { task: "module_a", warning: `${join(set, "images", "odd.dcm")}: is odd` };
  appendFileSync(join(folder, "whole", "warnings.jsonl"), `${JSON.stringify(told)}\n`);
  const finished = await runCli(["report", "whole"], folder);
  assert.equal(finished.code, 0, finished.stderr);
  const html = read("whole", "report.html").toString();
  assert.doesNotMatch(html, /(src|href)="(?!data:)/);
  assert.match(html, /<li>images\/odd\.dcm: is odd<\/li>/);
  assert.ok(!html.includes(set));
  assert.match(html, /^module_b -&gt; module_c /m);
  for (const title of [
    "What was run",
    "Figures",
    "Differences",
    "ROC, FROC, reliability",
    "Subgroups",
    "Agreement and features",
    "Training",
    "Costs",
    "What the student has learned",
    "Misses, those least suspected first",
  ])
    assert.ok(html.includes(`<h2>${title}</h2>`), title);
  assert.match(html, /<p>No warning was given\.<\/p>|<ul><li>/);
  assert.match(html, /<p>fused against model_sm, difference with its 95 % interval: image AUC [+-]\d/);
  for (const [, png] of html.matchAll(/data:image\/png;base64,([^"]+)"/g))
    assert.deepEqual([...Buffer.from(png, "base64").subarray(1, 4)], [...Buffer.from("PNG")]);
});

const browser = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);

test("the report opens in a browser without an error", {
  skip: browser ? false : "no Chromium here",
}, async () => {
  const page = `file://${join(folder, "whole", "report.html")}`;
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"];
  const child = spawn(browser as string, [...flags, `--user-data-dir=${join(folder, "browser")}`, page]);
  let [dom, log] = ["", ""];
  child.stdout.on("data", (chunk) => (dom += chunk));
  child.stderr.on("data", (chunk) => (log += chunk));
  assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0);
  assert.doesNotMatch(log, /CONSOLE/);
  // What the page's script adds to plots, so it has run.
  assert.match(dom, /<svg[^>]*role="img"[\s\S]*<title>/);
});
