// The table of tuned choices: what is stored holds, what is out of date does not, what is damaged is named.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { add } from "../../kernels/add.ts";
import { describeChoice, type Kernel, type Parameters } from "../../kernels/kernel.ts";
import { UserError } from "../../src/base/errors.ts";
import { Engine } from "../../src/engine/engine.ts";
import { openTuning, TuningTable } from "../../src/engine/tuning.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const folder = mkdtempSync(join(tmpdir(), "diptych-tuning-"));
after(() => rmSync(folder, { recursive: true }));

const kernel = add as unknown as Kernel;
const [variant] = kernel.variants;
const shape: Parameters = { length: 1021, alpha: 1, beta: 1 };
const wide = { variant, tuning: { WORKGROUP: 128 } };

/** A stored table with one choice. */
async function storedTable(name: string): Promise<TuningTable> {
  const table = TuningTable.open(join(folder, name), engine.current.adapter);
  table.set(kernel, shape, wide, 0.8);
  await table.save();
  return table;
}

const reopen = ({ path }: TuningTable) => TuningTable.open(path, engine.current.adapter);
const refused = (message: RegExp) => (error: unknown) =>
  error instanceof UserError && !error.message.includes("\n") && message.test(error.message);

test("a stored choice is what an engine with the table runs, at that shape alone", async () => {
  const { path } = await storedTable("round.json");
  const tuned = await Engine.create({ tuning: path });
  try {
    assert.equal(describeChoice(tuned.pipelines.choose(kernel, shape)), "plain WORKGROUP=128");
    assert.equal(describeChoice(tuned.pipelines.choose(kernel, { ...shape, length: 1022 })), "plain");
    assert.equal(describeChoice(engine.current.pipelines.choose(kernel, shape)), "plain");
    assert.match(tuned.tuningIdentity, /^[0-9a-f]{12}$/);
    assert.equal(engine.current.tuningIdentity, "none");
  } finally {
    tuned.destroy();
  }
});

test("the identity follows the choices, and is that of no table where all defaults stay", async () => {
  const table = await storedTable("identity.json");
  const { identity } = table;
  assert.equal(reopen(table).identity, identity);
  table.set(kernel, shape, { variant, tuning: { WORKGROUP: 256 } }, 0.8);
  assert.notEqual(table.identity, identity);
  table.set(kernel, shape, { variant, tuning: { WORKGROUP: 64 } });
  assert.ok(table.has(kernel, shape));
  assert.equal(table.identity, "none");
});

test("an entry about other shaders is ignored", async () => {
  const table = reopen(await storedTable("stale.json"));
  const { traits } = engine.current;
  const changed = { ...kernel, variants: [{ ...variant, shader: `${variant.shader}// changed\n` }] };
  assert.ok(table.has(kernel, shape) && !table.has(changed, shape));
  assert.equal(table.choice(changed, shape, traits), undefined);
  const stale = readFileSync(table.path, "utf8").replace(/"shaders": "\w+"/, '"shaders": "0123456789ab"');
  writeFileSync(table.path, stale);
  const opened = reopen(table);
  assert.equal(opened.choice(kernel, shape, traits), undefined);
  assert.equal(opened.identity, "none");
});

test("a choice that is not among a kernel's own is ignored", async () => {
  const table = await storedTable("illegal.json");
  writeFileSync(table.path, readFileSync(table.path, "utf8").replace("128", "96"));
  assert.equal(reopen(table).choice(kernel, shape, engine.current.traits), undefined);
});

test("a damaged file, one of another format and one of another adapter are refused in one line", async () => {
  const { path } = await storedTable("damaged.json");
  const whole = readFileSync(path, "utf8");
  const open = () => openTuning(engine.current.adapter, path);
  const advice = /damaged\.json: .*delete it and run npx diptych tune again, or set DIPTYCH_TUNING=off$/;
  for (const [content, reason] of [
    [whole.slice(0, 100), /damaged tuning cache/],
    [whole.replace("tuning/1", "tuning/0"), /damaged tuning cache .*format/],
    [whole.replace('"plain"', "7"), /damaged tuning cache .*variant/],
    [whole.replace(/"driver": "[^"]*"/, '"driver": "another"'), /tuned for .*another/],
  ] as const) {
    writeFileSync(path, content);
    assert.throws(open, refused(advice));
    assert.throws(open, refused(reason));
  }
});

test("a named file that is missing is refused; off needs none", () => {
  const { adapter } = engine.current;
  assert.throws(
    () => openTuning(adapter, "absent.json"),
    refused(/^DIPTYCH_TUNING=absent\.json: no such file/),
  );
  assert.equal(openTuning(adapter, "off"), undefined);
});
