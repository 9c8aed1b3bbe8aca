// The safetensors format: 8 bytes of little-endian header length, a JSON header, raw little-endian data. Files come
// from anywhere, so nothing in the header is believed before it is checked.
import { UserError } from "./errors.ts";

const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;

export type TensorType = keyof typeof arrays;
export type TensorData = InstanceType<(typeof arrays)[TensorType]>;

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const typeOf = (data: TensorData): TensorType =>
  (Object.keys(arrays) as TensorType[]).find((type) => data instanceof arrays[type])!;

/** Tensors in the map's order, every one aligned to its element size; @returns the file's bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Widest elements first keeps everything aligned without holes, which the format forbids.
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let end = 0;
  for (const [name, { shape, data }] of ordered)
    header[name] = { dtype: typeOf(data), shape, data_offsets: [end, (end += data.byteLength)] };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let at = start;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * @param file names the source in messages.
 * @throws UserError when the header is longer than the file, is no JSON, names a tensor twice, or describes data that
 * overlap, leave a gap, lie outside the file or do not match their shape.
 */
export function parseSafetensors(bytes: Uint8Array, file: string): TensorFile {
  const refuse = (problem: string): never => {
    throw new UserError(`${file}: not a valid safetensors file: ${problem}`);
  };
  if (bytes.length < 8) refuse(`${bytes.length} bytes are too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(bytes.length - 8))
    refuse(`its header claims ${headerLength} bytes, the file has ${bytes.length}`);
  const start = 8 + Number(headerLength);
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(8, start)), refuse);
  const { __metadata__: metadata = {}, ...described } = header;
  const tensors = new Map<string, StoredTensor>();
  const ranges: [begin: number, end: number, name: string][] = [];
  for (const [name, entry] of Object.entries(described)) {
    const { type, shape, begin, end } = checkEntry(name, entry, bytes.length - start, refuse);
    ranges.push([begin, end, name]);
    tensors.set(name, { shape, data: copyData(type, bytes.subarray(start + begin, start + end)) });
  }
  checkTiling(ranges, bytes.length - start, refuse);
  return { tensors, metadata: metadata as Record<string, string> };
}

type Refuse = (problem: string) => never;

function parseHeader(text: string, refuse: Refuse): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    refuse("its header is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    refuse("its header is no object");
  const twice = findRepeatedKey(text);
  if (twice !== undefined) refuse(`its header names ${twice} twice`);
  return header as Record<string, unknown>;
}

/** The first key that stands twice in the outermost object of valid JSON; JSON.parse would keep the last silently. */
function findRepeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) {
      const key = JSON.parse(token.slice(0, -1)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function checkEntry(name: string, entry: unknown, dataLength: number, refuse: Refuse) {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !(dtype in arrays))
    refuse(`${name} has type ${dtype}, known are ${Object.keys(arrays).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) refuse(`${name} has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    refuse(`${name} has no valid offsets`);
  const type = dtype as TensorType;
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataLength)
    refuse(`${name} lies at bytes ${begin} to ${end} of ${dataLength}: the file is cut short or damaged`);
  const count = (shape as number[]).reduce((product, extent) => product * extent, 1);
  if (count * arrays[type].BYTES_PER_ELEMENT !== end - begin)
    refuse(`${name} of shape [${shape}] and type ${type} has ${end - begin} bytes of data`);
  return { type, shape: shape as number[], begin, end };
}

function copyData(type: TensorType, bytes: Uint8Array): TensorData {
  // A Node Buffer's own slice would be a view of the whole file.
  return new arrays[type](new Uint8Array(bytes).buffer);
}

/** The data of all tensors must tile the rest of the file. */
function checkTiling(ranges: [number, number, string][], dataLength: number, refuse: Refuse): void {
  let covered = 0;
  for (const [begin, end, name] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (begin < covered) refuse(`the data of ${name} overlap those of another tensor`);
    if (begin > covered) refuse(`bytes ${covered} to ${begin} belong to no tensor`);
    covered = end;
  }
  if (covered !== dataLength) refuse(`bytes ${covered} to ${dataLength} belong to no tensor`);
}
