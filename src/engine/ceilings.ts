// The most that an adapter does, measured: bytes that it copies and floating-point operations that it does a second.
import { copy } from "../../kernels/copy.ts";
import { costOf, untuned } from "../../kernels/kernel.ts";
import { multiplyAdd } from "../../kernels/multiplyAdd.ts";
import type { AdapterKind } from "./adapter.ts";
import type { Engine } from "./engine.ts";
import { compileKernel, type KernelProgram } from "./kernelProgram.ts";
import { PassTimer } from "./passTimer.ts";

/** What the two probes work on: copies larger than any cache, and arithmetic on enough invocations to fill the adapter. */
const sizes = {
  hardware: { copied: { length: 2 ** 26 }, computed: { length: 2 ** 24, rounds: 256 } },
  software: { copied: { length: 2 ** 24 }, computed: { length: 2 ** 18, rounds: 64 } },
};

const sizesOn = (kind: AdapterKind) => sizes[kind === "hardware" ? "hardware" : "software"];

export const describeCeilings = (kind: AdapterKind): string =>
  `copy bandwidth: bytes read and written by a copy between two buffers of ${(4 * sizesOn(kind).copied.length) / 2 ** 20} MiB; ` +
  "arithmetic: multiply-adds in registers, 16 independent chains an invocation, one counting as two operations; " +
  "the fastest pass seen";

export interface CeilingRates {
  readonly copyBytesPerSecond: number;
  readonly flopsPerSecond: number;
}

/** Nanoseconds of one pass of each probe. */
export interface ProbeTimes {
  readonly copy: number;
  readonly flops: number;
}

/** Passes of each probe a round; the first one warms up. */
const passes = 3;

/** The probes, every variant of the two kernels, ready to be timed as often as wanted. */
export class CeilingProbes {
  private constructor(
    private readonly sizes: ReturnType<typeof sizesOn>,
    private readonly timer: PassTimer,
    private readonly probes: readonly KernelProgram[],
  ) {}

  /** @throws UserError when the adapter has no timestamps. */
  static async create(engine: Engine): Promise<CeilingProbes> {
    const timer = new PassTimer(engine);
    const sizes = sizesOn(engine.adapter.kind);
    const wanted = [
      ...copy.variants.map((variant) => compileKernel(engine, copy, untuned(variant), sizes.copied)),
      ...multiplyAdd.variants.map((variant) =>
        compileKernel(engine, multiplyAdd, untuned(variant), sizes.computed),
      ),
    ];
    const probes = await Promise.all(wanted);
    for (const { program } of probes)
      await program.run({ x: new Float32Array(program.plan.inputs[0].shape[0]).fill(1.5) });
    return new CeilingProbes(sizes, timer, probes);
  }

  /** The fastest pass of each kernel in one round. */
  async time(): Promise<ProbeTimes> {
    const all = this.probes.flatMap(({ program }) => Array(passes).fill({ dispatch: program.dispatches[0] }));
    const times = await this.timer.time(all);
    const fastest = (kernel: string) =>
      Math.min(
        ...this.probes.flatMap((probe, index) =>
          probe.kernel.name === kernel ? times.slice(passes * index + 1, passes * (index + 1)) : [],
        ),
      );
    return { copy: fastest(copy.name), flops: fastest(multiplyAdd.name) };
  }

  /** The rates behind the fastest of the given times. */
  rates(times: readonly ProbeTimes[]): CeilingRates {
    const { bytesRead, bytesWritten } = costOf(copy, this.sizes.copied);
    const fastest = (values: readonly number[]) => Math.min(...values) / 1e9;
    return {
      copyBytesPerSecond: (bytesRead + bytesWritten) / fastest(times.map((time) => time.copy)),
      flopsPerSecond: multiplyAdd.flops(this.sizes.computed) / fastest(times.map((time) => time.flops)),
    };
  }

  release(): void {
    this.timer.release();
    for (const { program } of this.probes) program.release();
  }
}

/** Measures the adapter's ceilings by themselves: the best of five rounds. */
export async function measureCeilings(engine: Engine): Promise<CeilingRates> {
  const probes = await CeilingProbes.create(engine);
  try {
    const times: ProbeTimes[] = [];
    for (let round = 0; round < 5; round++) times.push(await probes.time());
    return probes.rates(times);
  } finally {
    probes.release();
  }
}
