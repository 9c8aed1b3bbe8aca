// `npm run bench:peers`: our kernels and those of other libraries, on one adapter, in one run.
import { cpus, platform } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { reasonOf, UserError } from "../../src/base/errors.ts";
import { writeFileAtomically } from "../../src/base/files.ts";
import { integer, positiveNumber } from "../../src/cli/options.ts";
import { type Engine, withEngine } from "../../src/engine/engine.ts";
import { timerQuantum } from "../../src/engine/timer.ts";
import { describeEnvironment } from "../environment.ts";
import type { Absent, Peer } from "./contestant.ts";
import { detectorStep } from "./detectorStep.ts";
import { type Budget, type Candidate, measure, method, type RowResult } from "./measure.ts";
import { ours } from "./ours.ts";
import type { PyTorch } from "./pytorch.ts";
import { allRows } from "./rows.ts";
import {
  type Report,
  renderEnvironment,
  renderMarkdown,
  renderNotes,
  renderRow,
  renderTable,
  summarize,
} from "./table.ts";

interface Options {
  adapter?: string;
  rows?: string;
  peers?: string;
  seconds: number;
  threads: number;
  json?: string;
  markdown?: string;
}

/** This folder; the bundle lies in dist/ below it. */
const folder = dirname(dirname(fileURLToPath(import.meta.url)));

/** How each library is started, given the threads that those on the CPU may take. */
const starters: Readonly<Record<string, (threads: number) => Promise<Peer>>> = {
  "TensorFlow.js": async () => (await import("./tensorflow.ts")).tensorflow(),
  "jax-js": async () => (await import("./jax.ts")).jax(),
  "gpu.js": async () => (await import("./gpujs.ts")).gpujs(),
  "ONNX Runtime WebGPU": async (threads) => (await import("./onnx.ts")).onnx("webgpu", threads),
  "ONNX Runtime CPU": async (threads) => (await import("./onnx.ts")).onnx("cpu", threads),
  "PyTorch CPU": async (threads) => (await import("./pytorch.ts")).pytorch(folder, threads),
};

/** Image sides and batches of the D0 rows. */
const detectorSizes = [
  { side: 128, batch: 8 },
  { side: 256, batch: 4 },
] as const;

/** Lets libraries that look for a browser find the adapter that we use. */
function offerNavigator({ instance }: Engine): void {
  const navigator = { gpu: instance, userAgent: "node", platform: platform() };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

/** Those of `names` that contain one of the parts in a list "a,b"; all without a list. @throws UserError for a part of none. */
function pick(option: string, list: string | undefined, names: readonly string[]): string[] {
  if (list === undefined) return [...names];
  const matches = (name: string, part: string) => name.toLowerCase().includes(part.trim().toLowerCase());
  const parts = list.split(",");
  const wrong = parts.find((part) => !names.some((name) => matches(name, part)));
  if (wrong !== undefined)
    throw new UserError(`${option} ${wrong}: must be part of one of: ${names.join("; ")}`);
  return names.filter((name) => parts.some((part) => matches(name, part)));
}

async function startPeers({ peers: wanted, threads }: Options) {
  const peers: Peer[] = [];
  const absent: Absent[] = [];
  const chosen = pick("--peers", wanted, Object.keys(starters));
  for (const name of chosen)
    try {
      peers.push(await starters[name](threads));
    } catch (error) {
      absent.push({ name, reason: reasonOf(error) });
    }
  return { peers, absent };
}

/** What is run: the name that `--rows` picks by, and how to run it. */
interface Planned {
  readonly name: string;
  run(budget: Budget): Promise<RowResult>;
}

function planRows(engine: Engine, own: Peer, peers: readonly Peer[]): Planned[] {
  const rows = allRows().map((row) => ({
    name: row.name,
    run: (budget: Budget) => {
      const candidates = [own, ...peers].map((peer) => ({
        peer: peer.name,
        prepare: () => peer.prepare(row),
      }));
      return measure(row, candidates, budget);
    },
  }));
  const torch = peers.find((peer): peer is PyTorch => "prepareDetector" in peer);
  const detectors = detectorSizes.map(({ side, batch }) => ({
    name: `D0 training step ${side}x${side}, batch ${batch}`,
    run: async (budget: Budget) => {
      const step = await detectorStep(engine, batch, side);
      const candidates: Candidate[] = [{ peer: own.name, prepare: () => step.prepare() }];
      if (torch) candidates.push({ peer: torch.name, prepare: () => torch.prepareDetector(step) });
      return measure(step, candidates, budget);
    },
  }));
  return [...rows, ...(torch ? detectors : [])];
}

async function runRows(planned: readonly Planned[], budget: Budget): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const { run } of planned) {
    const started = performance.now();
    const result = await run(budget);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${renderRow(result)} (${result.entries[0].samples.length} rounds, ${seconds} s)`);
    results.push(result);
  }
  return results;
}

async function report(engine: Engine, options: Options): Promise<void> {
  offerNavigator(engine);
  const { peers, absent } = await startPeers(options);
  try {
    const own = ours(engine);
    const planned = planRows(engine, own, peers);
    const names = pick(
      "--rows",
      options.rows,
      planned.map(({ name }) => name),
    );
    const chosen = planned.filter(({ name }) => names.includes(name));
    const environment = describeEnvironment(engine, (await timerQuantum(engine)) ?? 0);
    console.log(renderEnvironment(environment));
    const contestants = [own, ...peers].map(({ name, version, method }) => ({ name, version, method }));
    for (const { name, version, method } of contestants) console.log(`${name} ${version}: ${method}`);
    const rows = await runRows(chosen, { seconds: options.seconds, mostRounds: 50 });
    const made: Report = {
      environment,
      method,
      contestants,
      absent,
      rows,
    };
    console.log(`\n${renderTable(made)}`);
    for (const line of [...summarize(made), ...renderNotes(made)]) console.log(line);
    if (options.json) await writeFileAtomically(options.json, `${JSON.stringify(made, undefined, 1)}\n`);
    if (options.markdown) await writeFileAtomically(options.markdown, renderMarkdown(made));
  } finally {
    for (const peer of peers) peer.close?.();
  }
}

const program = new Command("npm run bench:peers --")
  .description("Time our kernels beside those of other libraries, on one adapter.")
  .option("--adapter <kind>", "auto, hardware, software or embedded")
  .option("--rows <parts>", "only rows whose name contains one of these, as in focal,depthwise")
  .option("--peers <parts>", "only libraries whose name contains one of these, as in tensorflow,jax")
  .option("--seconds <n>", "time for the rounds of one row", positiveNumber, 6)
  .option("--threads <n>", "of libraries on the CPU", integer, cpus().length)
  .option("--json <file>", "write every sample, e.g. to bench/results/peers-software.json")
  .option("--markdown <file>", "write the table for a document")
  .action((options: Options) =>
    withEngine({ adapter: options.adapter }, (engine) => report(engine, options)),
  );
try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`bench:peers: ${reasonOf(error)}`);
  process.exitCode = 1;
}
// Some libraries leave a device or threads behind that would keep the process alive.
process.exit();
