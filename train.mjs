#!/usr/bin/env node
// The main job: trains the three stages and prints what the fused model gains. `node train.mjs --help` lists options.
import { ensureBuilt } from "./build.mjs";

await ensureBuilt();
const { main } = await import("./dist/cli/main.mjs");
await main(["node", "diptych", "train", ...process.argv.slice(2)]);
