// What the adapter's timestamps can tell apart.
import type { Engine } from "./engine.ts";
import { Timestamps } from "./timestamps.ts";

const samples = 64;

/**
 * The largest number of nanoseconds that divides every timestamp seen: the timer's observed quantum.
 * @returns undefined when the adapter has no timestamps.
 */
export async function timerQuantum(engine: Engine): Promise<number | undefined> {
  const { device } = engine;
  if (!device.features.has("timestamp-query")) return undefined;
  const timestamps = new Timestamps(engine, samples);
  const encoder = device.createCommandEncoder({ label: "timer quantum" });
  for (let sample = 0; sample < samples; sample++)
    encoder.beginComputePass({ timestampWrites: timestamps.writes(sample) }).end();
  device.queue.submit([encoder.finish()]);
  const times = await timestamps.read();
  timestamps.release();
  const divisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : divisor(b, a % b));
  const quantum = times.reduce((common, time) => divisor(time - times[0], common), 0n);
  return Number(quantum < 0n ? -quantum : quantum);
}
