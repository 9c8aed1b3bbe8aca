import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCli } from "../helpers/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-profile-"));
after(() => rmSync(folder, { recursive: true }));

test("profile writes tables, a trace and a page that agree on the dispatches", async () => {
  const args =
    "profile --program inference --task predictor_fused --image-size 32 --batch 1 --runs 2 --rows 1000 --trace trace.json --html page.html";
  const { code, stdout, stderr } = await runCli(args.split(" "), folder);
  assert.equal(code, 0, stderr);
  const [, count] = /^nano, fused, inference: (\d+) dispatches/m.exec(stdout)!;
  assert.match(stdout, new RegExp(`^an ordinary run of ${count} dispatches, the median of 2:$`, "m"));
  assert.match(stdout, /^ceilings: \d+\.\d GFLOP\/s, \d+\.\d GB\/s, measured on this adapter/m);
  assert.equal(stdout.match(/^ *\d+ +[\d.]+ +[\d.]+% .*$/gm)?.length, Number(count), "one line a dispatch");
  const { traceEvents } = JSON.parse(readFileSync(join(folder, "trace.json"), "utf8"));
  const counters = traceEvents.filter(({ ph }: { ph: string }) => ph === "C");
  assert.equal(counters.length, Number(count));
  const html = readFileSync(join(folder, "page.html"), "utf8");
  assert.match(html, /<title>Profile of nano, fused, inference<\/title>/);
  assert.equal(html.match(/<tbody>(.*)<\/tbody>/s)?.[1].match(/<tr>/g)?.length, Number(count));
});

test("--explain shows the heaviest shape of a kernel in the program", async () => {
  const { code, stdout } = await runCli(
    "profile --explain depthwiseConv2d --program validation".split(" "),
    folder,
  );
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^nano, stage 1, module_a on SM, validation: \d+ dispatches of depthwiseConv2d at \d+ shapes/,
  );
  assert.match(stdout, /^ {2}\w+: taken$/m);
  assert.match(stdout, /^@compute @workgroup_size\(WORKGROUP\)$/m);
});
