// What the user can mend: one line that names the option or the file, and an exit code that is not 0.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeConfig } from "../../src/regime/config.ts";
import { messages, runCli } from "../helpers/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-cli-"));
after(() => rmSync(folder, { recursive: true }));

writeFileSync(join(folder, "unknown.json"), '{ "learningrate": 0.1 }');
writeFileSync(join(folder, "damaged.json"), "{");

const refusals: readonly [args: string, message: RegExp][] = [
  ["train --nope", /^error: unknown option '--nope'$/],
  ["frobnicate", /^error: unknown command 'frobnicate'$/],
  ["train --preset tiny", /^diptych: --preset tiny: must be one of smoke, default, study, full$/],
  ["train --model d9", /^diptych: --model: .*"nano"\|"d0"/],
  [
    "train --image-size 100",
    /^diptych: --image-size: .*height 100 must be a positive multiple of 32 for nano$/,
  ],
  [
    "train --model d0 --image-size 512x200",
    /^diptych: --image-size: .*width 200 must be a positive multiple of 128 for d0$/,
  ],
  ["train --image-size 1x2x3", /^(diptych|error): .*--image-size.*1x2x3.*1024x512/],
  ["train --batch many", /^error: option '--batch <pairs>' argument 'many' is invalid/],
  ["train --batch 0", /^diptych: --batch: /],
  ["train --stage 4", /^diptych: --stage 4: must be 1, 2 or 3$/],
  ["train --adapter warp", /^diptych: --adapter: .*"hardware"\|"software"\|"embedded"/],
  ["train --config absent.json", /^diptych: absent\.json: cannot be read as JSON/],
  ["train --config damaged.json", /^diptych: damaged\.json: cannot be read as JSON/],
  ["train --config unknown.json", /^diptych: unknown\.json: unknown field learningrate$/],
  ["train --data absent.csv", /^diptych: .*absent\.csv: no such manifest$/],
  ["train --out .", /^diptych: --out \.: the folder is not empty: .*--resume/],
  ["train --resume absent", /^diptych: absent: no run: absent.config\.json is missing$/],
  ["train --resume absent --batch 3", /^diptych: --batch cannot be changed by --resume/],
  ["profile --task nope", /^diptych: --task nope: must be one of module_a, module_c, /],
  [
    "profile --program inference --task module_b",
    /^diptych: --task module_b: no model infers by its heads: must be one of module_a, module_c, /,
  ],
  ["profile --program nope", /^error: option '--program <name>' argument 'nope' is invalid/],
  ["profile --image-size 100", /^diptych: --image-size: .*must be a positive multiple of 32 for nano$/],
  ["profile --runs 0", /^error: option '--runs <n>' argument '0' is invalid/],
  ["profile --explain nope", /^diptych: --explain nope: must be one of activation, /],
  ["profile --explain copy", /^diptych: --explain copy: .* has no such dispatch; .*--shape$/],
  ["profile --explain add --shape length=3", /^diptych: --shape: add also takes alpha, beta$/],
  ["profile --shape length=3", /^diptych: --shape: goes with --explain$/],
  ["phantom --out .", /^diptych: .*holds other files; give a new or an empty folder$/],
  ["phantom --out set --spacing 0", /^error: option '--spacing <mm>' argument '0' is invalid/],
];

for (const [args, message] of refusals)
  test(`refused in one line: diptych ${args}`, async () => {
    const before = readdirSync(folder);
    const finished = await runCli(args.split(" "), folder);
    const lines = messages(finished);
    assert.equal(lines.length, 1, finished.stderr);
    assert.match(lines[0], message);
    assert.doesNotMatch(finished.stderr, /\n\s+at /, "a stack trace");
    assert.ok(finished.code !== 0, `exit code ${finished.code}`);
    assert.deepEqual(readdirSync(folder), before);
  });

test("a run whose configuration is damaged is refused by file and field", async () => {
  const run = mkdtempSync(join(tmpdir(), "diptych-run-"));
  after(() => rmSync(run, { recursive: true }));
  const config = { ...makeConfig("smoke", []), batch: -1 };
  writeFileSync(join(run, "config.json"), JSON.stringify({ config }));
  const finished = await runCli(["train", "--resume", run], folder);
  assert.match(messages(finished).join(), /config\.json: batch: /);
  assert.notEqual(finished.code, 0);
});
