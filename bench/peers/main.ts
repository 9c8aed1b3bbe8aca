// `npm run bench:peers`: our kernels and those of other libraries, on one adapter, in one run.
import { arch, cpus, platform, release } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { reasonOf, UserError } from "../../src/base/errors.ts";
import { writeFileAtomically } from "../../src/base/files.ts";
import { describeAdapter } from "../../src/engine/adapter.ts";
import { type Engine, withEngine } from "../../src/engine/engine.ts";
import type { Absent, Peer } from "./contestant.ts";
import { type Budget, measureRow, type RowResult } from "./measure.ts";
import { ours } from "./ours.ts";
import { allRows } from "./rows.ts";
import { bestOf, renderMarkdown, renderRefusals, renderTable } from "./table.ts";

interface Options {
  adapter?: string;
  rows?: string;
  peers?: string;
  seconds: string;
  json?: string;
  markdown?: string;
}

/** This folder; the bundle lies in dist/ below it. */
const folder = dirname(dirname(fileURLToPath(import.meta.url)));

/** Of libraries that run on the CPU: as many as the software adapters take. */
const threads = cpus().length;

const starters: Readonly<Record<string, () => Promise<Peer>>> = {
  "TensorFlow.js": async () => (await import("./tensorflow.ts")).tensorflow(),
  "jax-js": async () => (await import("./jax.ts")).jax(),
  "gpu.js": async () => (await import("./gpujs.ts")).gpujs(),
  "ONNX Runtime WebGPU": async () => (await import("./onnx.ts")).onnx("webgpu", threads),
  "ONNX Runtime CPU": async () => (await import("./onnx.ts")).onnx("cpu", threads),
  "PyTorch CPU": async () => (await import("./pytorch.ts")).pytorch(folder, threads),
};

/** Lets libraries that look for a browser find the adapter that we use. */
function offerNavigator({ instance }: Engine): void {
  const navigator = { gpu: instance, userAgent: "node", platform: platform() };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

async function startPeers(wanted: string | undefined) {
  const peers: Peer[] = [];
  const absent: Absent[] = [];
  for (const [name, start] of Object.entries(starters)) {
    if (wanted && !name.toLowerCase().includes(wanted.toLowerCase())) continue;
    try {
      peers.push(await start());
    } catch (error) {
      absent.push({ name, reason: reasonOf(error) });
    }
  }
  return { peers, absent };
}

async function bench(options: Options): Promise<void> {
  const rows = allRows().filter(({ name }) => !options.rows || name.includes(options.rows));
  if (rows.length === 0)
    throw new UserError(
      `--rows ${options.rows}: must be part of one of: ${allRows()
        .map(({ name }) => name)
        .join("; ")}`,
    );
  await withEngine({ adapter: options.adapter }, async (engine) => {
    offerNavigator(engine);
    const { peers, absent } = await startPeers(options.peers);
    console.log(`adapter: ${describeAdapter(engine.adapter)}`);
    const own = ours(engine);
    for (const { name, version, method } of [own, ...peers]) console.log(`${name} ${version}: ${method}`);
    const budget: Budget = { seconds: Number(options.seconds), mostRounds: 50 };
    const results: RowResult[] = [];
    for (const row of rows) {
      const started = performance.now();
      const result = await measureRow(own, peers, row, budget);
      results.push(result);
      console.log(
        `${row.name}: ${result.entries[0].samples.length} rounds, ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
    }
    const names = peers.map(({ name }) => name);
    console.log(`\n${renderTable(results, own.name, names)}`);
    for (const line of renderRefusals(results, absent)) console.log(line);
  });
  process.exit(0);
}

const program = new Command("bench:peers")
  .option("--adapter <kind>", "auto, hardware, software or embedded")
  .option("--rows <part>", "only rows whose name contains this")
  .option("--peers <part>", "only libraries whose name contains this")
  .option("--seconds <n>", "time for the rounds of one row", "8")
  .option("--json <file>")
  .option("--markdown <file>")
  .action(bench);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`bench:peers: ${reasonOf(error)}`);
  process.exitCode = 1;
}
