import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Rest } from "../../src/engine/rest.ts";

/** Work that is done `milliseconds` after its start. @returns when it was asked for, since its start. */
async function wait(rest: Rest, milliseconds: number): Promise<number> {
  const started = performance.now();
  let asked = Number.NaN;
  await rest.until(async () => {
    asked = performance.now() - started;
    const left = milliseconds - asked;
    if (left > 0) await sleep(left);
  });
  return asked;
}

test("work is asked for at once until two have been seen, and then shortly before it is due", async () => {
  const rest = new Rest();
  assert.ok((await wait(rest, 100)) < 70);
  assert.ok((await wait(rest, 100)) < 70);
  const third = await wait(rest, 100);
  assert.ok(third > 80, `asked for after ${third} ms`);
});

test("one that took much longer, as the first one that compiles, is not waited for again", async () => {
  const rest = new Rest();
  for (const milliseconds of [400, 40, 40, 400]) await wait(rest, milliseconds);
  const asked = await wait(rest, 40);
  assert.ok(asked < 200, `asked for after ${asked} ms`);
});

test("work that has become shorter is asked for earlier and earlier", async () => {
  const rest = new Rest();
  for (let run = 0; run < 3; run++) await wait(rest, 100);
  const asked: number[] = [];
  for (let run = 0; run < 8; run++) asked.push(await wait(rest, 30));
  assert.ok(asked[0] > 80 && asked[7] < 75, asked.join(" "));
});

test("a failure passes through", async () => {
  await assert.rejects(
    new Rest().until(() => Promise.reject(new Error("lost"))),
    /lost/,
  );
});
