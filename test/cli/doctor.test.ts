import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { findAdapter } from "../../src/engine/adapter.ts";
import { runCli } from "../helpers/cli.ts";

test("doctor shows every adapter with its limits and timer, checks a kernel on it, and ends", async () => {
  const { code, stdout, stderr } = await runCli(["doctor"], tmpdir());
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Node v\d+.*, Dawn webgpu \d+\.\d+\.\d+, /);
  const adapters = stdout.match(/^(hardware|software|embedded): /gm)?.length ?? 0;
  assert.ok(adapters > 0);
  for (const line of [
    /^ {2}features: /gm,
    /^ {2}maxBufferSize [\d,]+$/gm,
    /^ {2}timer quantum: /gm,
    /, right$/gm,
  ])
    assert.equal(stdout.match(line)?.length, adapters, String(line));
});

test("where there is no hardware adapter, the error says what to install", async () => {
  try {
    const { description } = await findAdapter("hardware");
    assert.equal(description.kind, "hardware");
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, /^no hardware adapter found: .*install/);
  }
});
