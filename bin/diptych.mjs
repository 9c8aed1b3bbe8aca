#!/usr/bin/env node
import { ensureBuilt } from "../build.mjs";

await ensureBuilt();
const { main } = await import("../dist/cli/main.mjs");
await main(process.argv);
