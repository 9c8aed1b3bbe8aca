import { type Command, InvalidArgumentError, Option } from "commander";
import { type Comparison, compareResults, readResult, regressions } from "../../bench/compare.ts";
import { renderComparison, renderResult } from "../../bench/render.ts";
import { runBench } from "../../bench/run.ts";
import {
  type Occurrence,
  parseShape,
  recordSuite,
  type SuiteName,
  suiteNames,
  wantedVariants,
} from "../../bench/suites.ts";
import { describeShape } from "../../kernels/kernel.ts";
import { UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { describeAdapter } from "../engine/adapter.ts";
import { withEngine } from "../engine/engine.ts";
import { benchPage } from "../report/benchPage.ts";
import { integer, positiveNumber } from "./options.ts";
import { createReporter } from "./reporter.ts";

interface CliOptions {
  suite: SuiteName;
  filter?: string;
  kernel?: string;
  shape?: string;
  variants: "chosen" | "all";
  spread: number;
  seconds: number;
  rounds: number;
  json?: string;
  html?: string;
  compare?: string;
  bound: number;
  adapter?: string;
}

/** Six medians are the fewest that have a 95% interval. @throws InvalidArgumentError, which commander prints. */
function roundCount(text: string): number {
  const rounds = integer(text);
  if (rounds < 6) throw new InvalidArgumentError("must be 6 or more.");
  return rounds;
}

function wantedShapes({ suite, filter = "", kernel, shape }: CliOptions): Occurrence[] {
  if ((kernel === undefined) !== (shape === undefined))
    throw new UserError("--kernel and --shape: give both, as in --kernel copy --shape length=4096");
  if (kernel !== undefined && shape !== undefined) return [parseShape(kernel, shape)];
  const shapes = recordSuite(suite).filter((occurrence) =>
    describeShape(occurrence.kernel, occurrence.parameters).toLowerCase().includes(filter.toLowerCase()),
  );
  if (shapes.length === 0) throw new UserError(`--filter ${filter}: no shape of suite ${suite} contains it`);
  return shapes;
}

/** Prints the comparison. @returns whether no row is slower beyond noise and bound. */
function holds(comparison: Comparison, bound: number): boolean {
  console.log(`\n${renderComparison(comparison)}`);
  const slower = regressions(comparison, bound);
  if (slower.length > 0) console.log(`${slower.length} rows are more than ${bound} times slower`);
  return slower.length === 0;
}

async function bench(options: CliOptions): Promise<void> {
  const shapes = wantedShapes(options);
  const old = options.compare === undefined ? undefined : readResult(options.compare);
  const result = await withEngine({ adapter: options.adapter, tuning: "off" }, (engine) => {
    const wanted = wantedVariants(shapes, options.variants === "all", engine.traits);
    console.log(`adapter: ${describeAdapter(engine.adapter)}; ${wanted.length} rows`);
    return runBench(engine, wanted, options, createReporter());
  });
  console.log(`\n${renderResult(result)}`);
  if (options.json) await writeFileAtomically(options.json, `${JSON.stringify(result, undefined, 1)}\n`);
  const comparison = old && compareResults(old, result);
  if (options.html) await writeFileAtomically(options.html, await benchPage(result, comparison));
  const held = comparison === undefined || holds(comparison, options.bound);
  if (!held || result.rows.some(({ correctness }) => !correctness.right)) process.exitCode = 1;
}

export function addBench(program: Command): void {
  program
    .command("bench")
    .description("check and time kernels at the shapes that EfficientDet uses, or at one of your own")
    .addOption(new Option("--suite <name>", "whose shapes").choices(suiteNames).default("nano"))
    .option("--filter <text>", 'only shapes that contain this, as in "conv" or "kernel=5"')
    .option("--kernel <name>", "one kernel, at --shape")
    .option(
      "--shape <fields>",
      "its parameters, as in batch=4,inputs=64,outputs=64,pixels=4096,transposed=false",
    )
    .addOption(new Option("--variants <which>", "of a kernel").choices(["chosen", "all"]).default("chosen"))
    .option("--spread <share>", "a row is done when its medians are known to this", positiveNumber, 0.01)
    .option("--seconds <n>", "or after so long", positiveNumber, 1)
    .option("--rounds <n>", "over all rows, at least", roundCount, 9)
    .option("--json <file>", "write the result")
    .option("--html <file>", "write a page with the roofline, every row and the comparison")
    .option("--compare <file>", "an earlier result; exits with 1 on a regression")
    .option("--bound <ratio>", "what counts as one, beyond noise", positiveNumber, 1.1)
    .option("--adapter <kind>", "auto, hardware, software or embedded")
    .action(bench);
}
