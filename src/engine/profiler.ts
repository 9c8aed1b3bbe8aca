// Where a program's time goes: dispatch by dispatch by the adapter's own timestamps, and around them on the host.
import { type Cost, costOf, type Parameters, type Workgroups } from "../../kernels/kernel.ts";
import type { Plane } from "../autograd/parameters.ts";
import type { Plan } from "./plan.ts";
import { encodeDispatch, type Inputs, type Program } from "./program.ts";
import { Timestamps } from "./timestamps.ts";

export interface DispatchTiming {
  readonly label: string;
  readonly kernel: string;
  readonly variant: string;
  readonly parameters: Parameters;
  readonly workgroups: Workgroups;
  readonly cost: Cost;
  /** Median over the runs, in nanoseconds. */
  readonly nanoseconds: number;
  /** Start and end in the last run that was timed one by one, from the start of its first dispatch, in nanoseconds. */
  readonly start: number;
  readonly end: number;
  /** Transients alive at it. */
  readonly liveBytes: number;
}

/** One ordinary run, all dispatches in one pass and one submit. Milliseconds. */
export interface RunTiming {
  /** The host makes the commands, and hands them to the queue. */
  readonly encode: number;
  readonly submit: number;
  /** From the start of encoding until the outputs are on the host. */
  readonly wall: number;
  /** The whole pass by the adapter's timestamps. */
  readonly pass: number;
}

export interface ProgramTiming {
  readonly name: string;
  readonly runs: number;
  readonly dispatches: readonly DispatchTiming[];
  /** The ordinary run whose wall time is the median. */
  readonly run: RunTiming;
  readonly plan: Plan;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

const milliseconds = (begin: bigint, end: bigint): number => Number(end - begin) / 1e6;

/** Runs the program as it always runs. */
async function timeRun(program: Program, timestamps: Timestamps): Promise<RunTiming> {
  const started = performance.now();
  const { commands, staging } = program.encode(timestamps.writes(0));
  const encoded = performance.now();
  program.engine.device.queue.submit([commands]);
  const submitted = performance.now();
  await program.collect(staging);
  const wall = performance.now() - started;
  const [begin, end] = await timestamps.read();
  return {
    encode: encoded - started,
    submit: submitted - encoded,
    wall,
    pass: milliseconds(begin, end),
  };
}

/** Runs every dispatch in a pass of its own. @returns begin and end of each, in nanoseconds. */
function timeDispatches({ engine, dispatches }: Program, timestamps: Timestamps): Promise<BigUint64Array> {
  const encoder = engine.device.createCommandEncoder({ label: "profile" });
  dispatches.forEach((dispatch, index) => {
    const pass = encoder.beginComputePass({ timestampWrites: timestamps.writes(index) });
    encodeDispatch(pass, dispatch);
    pass.end();
  });
  engine.device.queue.submit([encoder.finish()]);
  return timestamps.read();
}

/** The flat planes that a program writes: parameters, statistics, optimiser state. */
function writtenPlanes({ operations }: Plan): Plane[] {
  const planes = new Set<Plane>();
  for (const { bindings, tensors } of operations)
    for (const { name, access } of bindings) {
      const { storage } = tensors[name];
      if (access !== "read" && storage.kind === "persistent") planes.add(storage.plane);
    }
  return [...planes];
}

/** Runs `body` and then puts back what the program's planes held before, bit for bit. */
async function withPlanesRestored<T>({ engine, plan }: Program, body: () => Promise<T>): Promise<T> {
  const saved: [Plane, Float32Array<ArrayBuffer>][] = [];
  for (const plane of writtenPlanes(plan)) saved.push([plane, await engine.readPlane(plane)]);
  try {
    return await body();
  } finally {
    for (const [plane, values] of saved) engine.writePlane(plane, values);
  }
}

/** Ordinary runs and such with every dispatch by itself in turn, so that a busy machine spoils both alike. */
async function timeBoth(program: Program, runs: number) {
  const whole = new Timestamps(program.engine, 1);
  const single = new Timestamps(program.engine, program.dispatches.length);
  const ordinary: RunTiming[] = [];
  const times: BigUint64Array[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      ordinary.push(await timeRun(program, whole));
      times.push(await timeDispatches(program, single));
    }
  } finally {
    whole.release();
    single.release();
  }
  return { ordinary, times };
}

/**
 * Times a program: after one run that warms it up, `runs` ordinary ones for the host's figures and the whole pass, in turn
 * with as many in which every dispatch has a pass of its own. What the program updates in place (parameters, statistics,
 * optimiser state) is afterwards what it was before; its inputs hold `inputs`.
 * @throws UserError when the adapter has no timestamps.
 */
export function profileProgram(program: Program, inputs: Inputs, runs: number): Promise<ProgramTiming> {
  const { dispatches, plan } = program;
  return withPlanesRestored(program, async () => {
    await program.run(inputs);
    const { ordinary, times } = await timeBoth(program, runs);
    const last = times[times.length - 1];
    return {
      name: program.name,
      runs,
      plan,
      run: ordinary.sort((a, b) => a.wall - b.wall)[runs >> 1],
      dispatches: dispatches.map(({ operation, variant, workgroups }, index) => ({
        label: operation.label,
        kernel: operation.kernel.name,
        variant,
        parameters: operation.parameters,
        workgroups,
        cost: costOf(operation.kernel, operation.parameters),
        nanoseconds: median(times.map((time) => Number(time[2 * index + 1] - time[2 * index]))),
        start: Number(last[2 * index] - last[0]),
        end: Number(last[2 * index + 1] - last[0]),
        liveBytes: plan.live[index],
      })),
    };
  });
}
