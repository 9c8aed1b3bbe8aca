// What the adapter's timestamps can tell apart.
import type { Engine } from "./engine.ts";

const samples = 64;
const queryUsage = 0x0200 | 0x0004; // QUERY_RESOLVE | COPY_SRC

/**
 * The largest number of nanoseconds that divides every timestamp seen: the timer's observed quantum.
 * @returns undefined when the adapter has no timestamps.
 */
export async function timerQuantum(engine: Engine): Promise<number | undefined> {
  const { device } = engine;
  if (!device.features.has("timestamp-query")) return undefined;
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * samples });
  const resolved = device.createBuffer({ size: 16 * samples, usage: queryUsage });
  const encoder = device.createCommandEncoder({ label: "timer quantum" });
  for (let sample = 0; sample < samples; sample++) {
    const writes = {
      querySet,
      beginningOfPassWriteIndex: 2 * sample,
      endOfPassWriteIndex: 2 * sample + 1,
    };
    encoder.beginComputePass({ timestampWrites: writes }).end();
  }
  encoder.resolveQuerySet(querySet, 0, 2 * samples, resolved, 0);
  device.queue.submit([encoder.finish()]);
  const bits = await engine.read(resolved, 16 * samples);
  const times = new BigUint64Array(bits.buffer);
  querySet.destroy();
  resolved.destroy();
  const divisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : divisor(b, a % b));
  const quantum = times.reduce((common, time) => divisor(time - times[0], common), 0n);
  return Number(quantum < 0n ? -quantum : quantum);
}
