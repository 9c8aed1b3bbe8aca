// Prepared pairs on disk: every pair is decoded once, and read from here in later epochs and runs.
//
// A cache is a folder of shards, a shard a file of slots of one size, a slot one prepared pair at the place that its row has
// in the manifest. There is no index: a slot says itself whose pair it is and carries a checksum, so that a cache may be
// sparse, half-written, shared by processes or damaged, and a slot is either the wanted pair to the bit, or none.
import { createHash } from "node:crypto";
import { constants, mkdir, open, stat } from "node:fs/promises";
import { join } from "node:path";
import crc32 from "crc-32";
import { shortHash } from "../base/files.ts";
import { pathOf } from "./image.ts";
import type { PairRecord } from "./manifest.ts";
import type { PreprocessOptions } from "./preprocess/single.ts";
import type { PreparedPair } from "./preprocess.ts";

/**
 * To be raised whenever `preparePair`, or a decoder below it, gives other bytes for the same files and settings: what was
 * cached before is then not looked at again.
 */
export const preparationVersion = 2;

/** What a worker needs to find the cache. */
export interface PairCacheOptions {
  readonly folder: string;
  /** Of the network's grid, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Slots that would lie behind are neither written nor read. */
  readonly maxBytes: number;
}

/** Why a pair is not had: never written, of other files or boxes than now, or with a wrong checksum. */
export type Miss = "absent" | "stale" | "damaged";

const magic = 0x43_50_54_44;
/** Magic, checksum of all that follows it, length of the facts, nothing; then the identity of 16 bytes. */
const headerBytes = 32;
/** Header, and boxes, classes and warnings as JSON. */
const factsBytes = 8192;
const shardBytes = 2 ** 28;

/** The name of the folder for a manifest's pairs as these settings prepare them. */
export function pairCacheName(
  manifest: string,
  settings: { readonly height: number; readonly width: number; readonly preprocess: PreprocessOptions },
): string {
  const { height, width, preprocess } = settings;
  return `pairs-${shortHash([preparationVersion, manifest, height, width, preprocess])}`;
}

/** Changes with the row, with its files' names, sizes and times, and with what is known of its lesions. */
async function identityOf(record: PairRecord): Promise<Buffer | undefined> {
  try {
    const files = await Promise.all([record.ffdm, record.sm].map((source) => stat(pathOf(source))));
    const { row, side, ffdm, sm, ffdmBoxes, smBoxes, classes } = record;
    const facts = [row, side, ffdm, sm, ffdmBoxes, smBoxes, classes];
    const state = files.map(({ size, mtimeMs }) => [size, mtimeMs]);
    return createHash("sha256")
      .update(JSON.stringify([facts, state]))
      .digest()
      .subarray(0, 16);
  } catch {
    // Whoever reads the file says what is wrong with it.
    return undefined;
  }
}

export class PairCache {
  readonly #pixels: number;
  readonly #slotBytes: number;
  readonly #slotsAShard: number;

  constructor(private readonly options: PairCacheOptions) {
    this.#pixels = options.height * options.width;
    this.#slotBytes = factsBytes + 8 * this.#pixels;
    this.#slotsAShard = Math.max(1, Math.floor(shardBytes / this.#slotBytes));
  }

  /** Bytes that the slots of this many rows take. */
  bytesOf(rows: number): number {
    return rows * this.#slotBytes;
  }

  /** The pair as `write` was given it, to the bit; else why not. */
  async read(record: PairRecord): Promise<PreparedPair | Miss> {
    const identity = this.#holds(record) ? await identityOf(record) : undefined;
    if (!identity) return "absent";
    const slot = await this.#readSlot(record);
    if (!slot || slot.readUInt32LE(0) !== magic) return "absent";
    if (slot.readInt32LE(4) !== crc32.buf(slot.subarray(8))) return "damaged";
    if (!identity.equals(slot.subarray(16, headerBytes))) return "stale";
    return this.#parse(slot);
  }

  /**
   * Keeps a pair for `read`. A pair with more facts than a slot has room for is not kept.
   * @throws the file system's error when it cannot be written.
   */
  async write(record: PairRecord, pair: PreparedPair): Promise<void> {
    const identity = this.#holds(record) ? await identityOf(record) : undefined;
    const { ffdm, sm, ...known } = pair;
    const facts = Buffer.from(JSON.stringify(known));
    if (!identity || facts.length > factsBytes - headerBytes) return;
    const slot = Buffer.alloc(this.#slotBytes);
    slot.writeUInt32LE(magic, 0);
    slot.writeUInt32LE(facts.length, 8);
    slot.set(identity, 16);
    slot.set(facts, headerBytes);
    slot.set(new Uint8Array(ffdm.buffer, ffdm.byteOffset, ffdm.byteLength), factsBytes);
    slot.set(new Uint8Array(sm.buffer, sm.byteOffset, sm.byteLength), factsBytes + 4 * this.#pixels);
    slot.writeInt32LE(crc32.buf(slot.subarray(8)), 4);
    await this.#writeSlot(record, slot);
  }

  #parse(slot: Buffer): PreparedPair {
    const facts = slot.toString("utf8", headerBytes, headerBytes + slot.readUInt32LE(8));
    const pixels = (place: number) => {
      const start = slot.byteOffset + factsBytes + 4 * place * this.#pixels;
      return new Float32Array(slot.buffer as ArrayBuffer, start, this.#pixels);
    };
    return { ...(JSON.parse(facts) as Omit<PreparedPair, "ffdm" | "sm">), ffdm: pixels(0), sm: pixels(1) };
  }

  /** Line 1 of a manifest is its header. */
  #place({ row }: PairRecord): number {
    return row - 2;
  }

  #holds(record: PairRecord): boolean {
    return this.bytesOf(this.#place(record) + 1) <= this.options.maxBytes;
  }

  #locate(record: PairRecord): { file: string; position: number } {
    const place = this.#place(record);
    const shard = String(Math.floor(place / this.#slotsAShard)).padStart(6, "0");
    return {
      file: join(this.options.folder, `${shard}.pack`),
      position: (place % this.#slotsAShard) * this.#slotBytes,
    };
  }

  /** undefined where the shard does not reach. Shards are opened for each slot: a million pairs have more than a process may hold open. */
  async #readSlot(record: PairRecord): Promise<Buffer | undefined> {
    const { file, position } = this.#locate(record);
    const shard = await open(file, "r").catch(() => undefined);
    try {
      const buffer = Buffer.from(new ArrayBuffer(this.#slotBytes));
      const bytesRead = await shard
        ?.read(buffer, 0, this.#slotBytes, position)
        .then((read) => read.bytesRead);
      return bytesRead === this.#slotBytes ? buffer : undefined;
    } catch {
      return undefined;
    } finally {
      await shard?.close();
    }
  }

  async #writeSlot(record: PairRecord, slot: Buffer): Promise<void> {
    const { file, position } = this.#locate(record);
    await mkdir(this.options.folder, { recursive: true });
    const shard = await open(file, constants.O_RDWR | constants.O_CREAT);
    try {
      await shard.write(slot, 0, slot.length, position);
    } finally {
      await shard.close();
    }
  }
}
