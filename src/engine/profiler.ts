// Where a program's time goes, dispatch by dispatch, by the adapter's own timestamps.
import { type Cost, costOf } from "../../kernels/kernel.ts";
import { UserError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import type { Dispatch, Inputs, Program } from "./program.ts";

export interface DispatchTiming {
  readonly label: string;
  readonly kernel: string;
  readonly variant: string;
  readonly cost: Cost;
  /** Median over the runs, in nanoseconds. */
  readonly nanoseconds: number;
  /** Start of the dispatch in the last run, from the start of its first, in nanoseconds. */
  readonly start: number;
}

export interface ProgramTiming {
  readonly dispatches: readonly DispatchTiming[];
  /** Medians over ordinary runs, in milliseconds: the host's encoding and submitting, and the whole until the outputs are there. */
  readonly encodeMilliseconds: number;
  readonly wallMilliseconds: number;
}

const queryUsage = 0x0200 | 0x0004; // QUERY_RESOLVE | COPY_SRC
/** WebGPU's limit for one query set. */
const queriesPerSet = 4096;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Runs every dispatch in a pass of its own. @returns begin and end of each, in nanoseconds. */
async function timestamps(engine: Engine, dispatches: readonly Dispatch[]): Promise<BigUint64Array> {
  const { device } = engine;
  const count = 2 * dispatches.length;
  const sets = Array.from({ length: Math.ceil(count / queriesPerSet) }, () =>
    device.createQuerySet({ type: "timestamp", count: queriesPerSet }),
  );
  const resolved = device.createBuffer({ size: 8 * queriesPerSet * sets.length, usage: queryUsage });
  const encoder = device.createCommandEncoder({ label: "profile" });
  dispatches.forEach(({ pipeline, bindGroup, workgroups }, index) => {
    const query = (2 * index) % queriesPerSet;
    const pass = encoder.beginComputePass({
      timestampWrites: {
        querySet: sets[Math.floor((2 * index) / queriesPerSet)],
        beginningOfPassWriteIndex: query,
        endOfPassWriteIndex: query + 1,
      },
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
  });
  sets.forEach((set, index) => {
    const used = Math.min(queriesPerSet, count - index * queriesPerSet);
    encoder.resolveQuerySet(set, 0, used, resolved, 8 * queriesPerSet * index);
  });
  device.queue.submit([encoder.finish()]);
  const bits = await engine.read(resolved, 8 * count);
  for (const set of sets) set.destroy();
  resolved.destroy();
  return new BigUint64Array(bits.buffer);
}

/**
 * Times a program `runs` times after one run that warms it up. Its inputs must have been written by `inputs`. The program
 * runs as it would otherwise, so what it updates in place (parameters, statistics) moves on by as many steps.
 * @throws UserError when the adapter has no timestamps.
 */
export async function profileProgram(program: Program, inputs: Inputs, runs: number): Promise<ProgramTiming> {
  const { engine, dispatches } = program;
  if (!engine.device.features.has("timestamp-query"))
    throw new UserError(`${engine.adapter.name} has no timestamps: profile on another --adapter`);
  await program.run(inputs);
  const encode: number[] = [];
  const wall: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const outputs = program.run();
    encode.push(performance.now() - started);
    await outputs;
    wall.push(performance.now() - started);
  }
  const times: BigUint64Array[] = [];
  for (let run = 0; run < runs; run++) times.push(await timestamps(engine, dispatches));
  const last = times[times.length - 1];
  return {
    dispatches: dispatches.map(({ operation, variant }, index) => ({
      label: operation.label,
      kernel: operation.kernel.name,
      variant,
      cost: costOf(operation.kernel, operation.parameters),
      nanoseconds: median(times.map((time) => Number(time[2 * index + 1] - time[2 * index]))),
      start: Number(last[2 * index] - last[0]),
    })),
    encodeMilliseconds: median(encode),
    wallMilliseconds: median(wall),
  };
}
