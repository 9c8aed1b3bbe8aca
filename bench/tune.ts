// Tunes the shapes of a model one by one, the heaviest first, and keeps each answer as soon as it is there.
import { choicesFor, costOf, describeChoice, describeShape } from "../kernels/kernel.ts";
import type { Tape } from "../src/autograd/tape.ts";
import type { Reporter } from "../src/base/reporter.ts";
import type { Engine } from "../src/engine/engine.ts";
import type { TuningTable } from "../src/engine/tuning.ts";
import { makeConfig } from "../src/regime/config.ts";
import { type ProgramKind, recordProgram, taskNames } from "../src/regime/programs.ts";
import type { BatchShape } from "../src/train/task.ts";
import { renderTable } from "./render.ts";
import { type Finding, makeTools, searchShape } from "./search.ts";
import type { Occurrence } from "./suites.ts";

export interface TuneOptions {
  /** For the whole, after which no further shape is begun and one under way is left. */
  readonly seconds: number;
  /** Also what the table has already. */
  readonly again: boolean;
}

export interface TuneResult {
  readonly tuned: readonly { readonly shape: Occurrence; readonly finding: Finding }[];
  /** Shapes that the table had already, and those that time did not suffice for. */
  readonly known: number;
  readonly left: number;
}

/** The tapes of every task of a run and of inference. */
function recordRegime(model: string, batch: number, [height, width]: readonly number[]): Tape[] {
  const config = { ...makeConfig("default", []), model };
  const shape: BatchShape = { batch, height, width, maxBoxes: config.maxBoxes };
  const record = (task: string, kind: ProgramKind) => recordProgram(task, kind, shape, config).tape;
  const steps = taskNames(config).flatMap((task) =>
    (["training", "frozen", "validation"] as const).map((kind) => record(task, kind)),
  );
  return [...steps, record("module_a", "inference")];
}

/** The shapes of a model's training and inference, each once. */
export function recordModel(model: string, batch: number, imageSize: readonly number[]): Occurrence[] {
  const found = new Map<string, Occurrence>();
  for (const tape of recordRegime(model, batch, imageSize))
    for (const { kernel, parameters } of tape.operations) {
      const key = describeShape(kernel, parameters);
      const count = (found.get(key)?.count ?? 0) + 1;
      found.set(key, { kernel, parameters, origin: model, count });
    }
  return [...found.values()];
}

/** What a shape costs in all its occurrences: floating-point operations and bytes. */
function weight({ kernel, parameters, count }: Occurrence): number {
  const { flops, bytesRead, bytesWritten } = costOf(kernel, parameters);
  return count * (flops + bytesRead + bytesWritten);
}

function warnOfWrong({ kernel, parameters }: Occurrence, { wrong }: Finding, reporter: Reporter): void {
  for (const { choice, reason } of wrong)
    reporter.warn(
      `${describeShape(kernel, parameters)}: ${describeChoice(choice)} is wrong and cannot win: ${reason}`,
    );
}

/**
 * Searches every shape that leaves a choice and stores the answers.
 * @throws UserError when the table cannot be written.
 */
export async function tuneShapes(
  engine: Engine,
  table: TuningTable,
  shapes: readonly Occurrence[],
  { seconds, again }: TuneOptions,
  reporter: Reporter,
): Promise<TuneResult> {
  const end = performance.now() + 1000 * seconds;
  const outOfTime = () => performance.now() >= end;
  const open = shapes
    .filter(({ kernel, parameters }) => choicesFor(kernel, parameters, engine.traits).length > 1)
    .toSorted((a, b) => weight(b) - weight(a));
  const wanted = open.filter(({ kernel, parameters }) => again || !table.has(kernel, parameters));
  const tuned: { shape: Occurrence; finding: Finding }[] = [];
  const tools = await makeTools(engine);
  const bar = reporter.progress("tuning", wanted.length);
  try {
    for (const shape of wanted) {
      const { kernel, parameters } = shape;
      bar.update(tuned.length, kernel.name);
      const finding = outOfTime() ? undefined : await searchShape(tools, kernel, parameters, outOfTime);
      if (!finding) break;
      tuned.push({ shape, finding });
      warnOfWrong(shape, finding, reporter);
      // Where the default itself is wrong, what the tests should have refused is not to be settled here.
      if (finding.wrong.some(({ choice }) => choice === finding.preferred)) continue;
      table.set(kernel, parameters, finding.chosen, finding.ratio?.ratio);
      await table.save();
    }
  } finally {
    bar.stop();
    tools.stopwatch.release();
  }
  return { tuned, known: open.length - wanted.length, left: wanted.length - tuned.length };
}

const headings = ["time of default", "95% interval", "default", "chosen", "kernel and shape"];

/** The shapes whose default was beaten, and how many there were of every kind. */
export function renderTuning({ tuned, known, left }: TuneResult): string {
  const rows = tuned.flatMap(({ shape: { kernel, parameters }, finding }) => {
    const { ratio, preferred, chosen } = finding;
    if (!ratio) return [];
    const interval = `${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)}`;
    const choices = [preferred, chosen].map(describeChoice);
    return [[`x ${ratio.ratio.toFixed(3)}`, interval, ...choices, describeShape(kernel, parameters)]];
  });
  const counts = `${tuned.length} shapes tuned, ${rows.length} with another choice than the default; ${known} were tuned before`;
  const rest = left === 0 ? "none left" : `${left} left: run again to go on`;
  return `${rows.length > 0 ? `${renderTable(headings, rows)}\n\n` : ""}${counts}; ${rest}`;
}
