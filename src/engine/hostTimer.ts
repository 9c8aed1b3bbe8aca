// Compute passes on the host's clock, for adapters without timestamps.
import type { Engine } from "./engine.ts";
import type { Stopwatch, TimedPass } from "./passTimer.ts";

/** What submitting and waiting vary by from pass to pass, in nanoseconds: a pass must be long against it. */
export const hostQuantum = 20_000;

/** Submits each pass alone and waits for it; what that takes counts as the pass's. */
export class HostTimer implements Stopwatch {
  readonly mostPasses = 64;

  constructor(private readonly engine: Engine) {}

  async time(passes: readonly TimedPass[]): Promise<number[]> {
    const times: number[] = [];
    for (const pass of passes) {
      const commands = this.#encode(pass);
      const started = performance.now();
      this.engine.device.queue.submit([commands]);
      await this.engine.device.queue.onSubmittedWorkDone();
      times.push((1e6 * (performance.now() - started)) / (pass.repeats ?? 1));
    }
    this.engine.check();
    return times;
  }

  #encode({ dispatch, repeats = 1, flush }: TimedPass): GPUCommandBuffer {
    const encoder = this.engine.device.createCommandEncoder({ label: "timed pass" });
    if (flush) encoder.clearBuffer(flush);
    const pass = encoder.beginComputePass();
    pass.setPipeline(dispatch.pipeline);
    pass.setBindGroup(0, dispatch.bindGroup);
    for (let repeat = 0; repeat < repeats; repeat++) pass.dispatchWorkgroups(...dispatch.workgroups);
    pass.end();
    return encoder.finish();
  }

  release(): void {}
}
