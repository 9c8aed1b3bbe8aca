// Mutates DICOM files of every syntax and reads them: each is decoded or refused in one line. `npm run fuzz:dicom -- 10000`.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/base/errors.ts";
import { packageRoot } from "../../src/base/files.ts";
import { RandomStream } from "../../src/base/random.ts";
import { decodeDicom } from "../../src/data/dicom/dicom.ts";

/** Bits flipped, bytes replaced, a stretch removed or doubled, or the end cut off. */
function mutate(bytes: Uint8Array, stream: RandomStream): Uint8Array {
  const place = () => 132 + stream.nextInteger(bytes.length - 132);
  const kind = stream.nextInteger(4);
  if (kind === 0) return bytes.subarray(0, place());
  if (kind === 1) {
    const [start, length] = [place(), 1 + stream.nextInteger(40)];
    const parts = [bytes.subarray(0, start), bytes.subarray(start + length)];
    return new Uint8Array(
      Buffer.concat(
        stream.nextUniform() < 0.5 ? parts : [parts[0], bytes.subarray(start - 8, start), parts[1]],
      ),
    );
  }
  const damaged = Uint8Array.from(bytes);
  const changes = 1 + stream.nextInteger(kind === 2 ? 4 : 24);
  for (let change = 0; change < changes; change++)
    damaged[place()] ^= kind === 2 ? 1 << stream.nextInteger(8) : 1 + stream.nextInteger(255);
  return damaged;
}

const count = Number(process.argv[2] ?? 10_000);
const folder = join(packageRoot(), "test", "goldens", "dicom");
const names = (await readdir(folder)).filter((name) => name.endsWith(".dcm"));
const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
const outcomes = { decoded: 0, refused: 0 };
let slowest = { milliseconds: 0, name: "", round: 0 };
for (let round = 0; round < count; round++) {
  const which = round % files.length;
  const damaged = mutate(files[which], new RandomStream(1, `fuzz ${round}`));
  const started = performance.now();
  try {
    await decodeDicom(damaged, "f");
    outcomes.decoded++;
  } catch (error) {
    if (!(error instanceof UserError) || error.message.includes("\n")) throw error;
    outcomes.refused++;
  }
  const milliseconds = performance.now() - started;
  if (milliseconds > slowest.milliseconds) slowest = { milliseconds, name: names[which], round };
}
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  `${count} files: ${outcomes.decoded} decoded, ${outcomes.refused} refused; peak ${peak.toFixed(0)} MiB; slowest ${slowest.milliseconds.toFixed(0)} ms (${slowest.name}, round ${slowest.round})`,
);
