// A task's curves as TensorBoard reads them: records of protobuf messages (tensorflow/core/util/event.proto and
// tensorflow/core/framework/summary.proto) in TFRecord framing (tensorflow/core/lib/io/record_writer.h).
import { appendFileSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import crc32c from "crc-32/crc32c.js";
import protobuf from "protobufjs/minimal.js";

const { Writer } = protobuf;

/** Tag of a protobuf field: its number and its wire type. */
const field = (number: number, wire: "varint" | "fixed64" | "bytes" | "fixed32"): number =>
  (number << 3) | { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 }[wire];

/** Event: wall_time 1, step 2, then what it holds. */
const event = (step: number) =>
  Writer.create()
    .uint32(field(1, "fixed64"))
    .double(Date.now() / 1000)
    .uint32(field(2, "varint"))
    .int64(step);

/** CRC32C, rotated and offset so that a record may hold records with checksums of their own. */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Length, its checksum, the bytes, their checksum. */
function recordOf(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedChecksum(bytes), true);
  return record;
}

/** The numbers of a nested object by their paths: {a: {b: 1}} as [["a/b", 1]]. */
function scalarsOf(values: object, path = ""): [tag: string, value: number][] {
  return Object.entries(values).flatMap(([name, value]): [string, number][] => {
    if (typeof value === "number") return [[path + name, value]];
    return value && typeof value === "object" ? scalarsOf(value, `${path}${name}/`) : [];
  });
}

export class EventFile {
  private constructor(private readonly path: string) {}

  /**
   * Begins a file in a task's folder. What earlier files there say of later steps counts no more.
   * @param step the steps done so far.
   */
  static begin(folder: string, step: number): EventFile {
    mkdirSync(folder, { recursive: true });
    const name = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}.${step}`;
    const file = new EventFile(join(folder, name));
    file.#write(event(0).uint32(field(3, "bytes")).string("brain.Event:2").finish());
    // SessionLog.status START: TensorBoard drops what it knows from this step on.
    const session = Writer.create().uint32(field(1, "varint")).int32(1).finish();
    file.#write(
      event(step + 1)
        .uint32(field(7, "bytes"))
        .bytes(session)
        .finish(),
    );
    return file;
  }

  /** Adds every number of `values` at a step; nested ones are tagged by their path. */
  add(step: number, values: object): void {
    const summary = Writer.create();
    for (const [tag, value] of scalarsOf(values))
      summary
        .uint32(field(1, "bytes"))
        .fork()
        .uint32(field(1, "bytes"))
        .string(tag)
        .uint32(field(2, "fixed32"))
        .float(value)
        .ldelim();
    this.#write(event(step).uint32(field(5, "bytes")).bytes(summary.finish()).finish());
  }

  #write(bytes: Uint8Array): void {
    appendFileSync(this.path, recordOf(bytes));
  }
}
