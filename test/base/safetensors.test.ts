import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UserError } from "../../src/base/errors.ts";
import { encodeSafetensors, parseSafetensors, type StoredTensor } from "../../src/base/safetensors.ts";

const sample = (): Map<string, StoredTensor> =>
  new Map<string, StoredTensor>([
    ["bytes", { shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ["weights", { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 1e-30) }],
    ["counter", { shape: [], data: BigInt64Array.of(7n) }],
  ]);

/** A file with the given header text and `dataLength` zero bytes behind it. */
function fileWith(header: string, dataLength = 16): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4]) =>
  JSON.stringify({ dtype: "F32", shape, data_offsets: [begin, end] });

test("what is written is read back, with metadata, also through a Node buffer", () => {
  const bytes = encodeSafetensors(sample(), { model: "nano" });
  const { tensors, metadata } = parseSafetensors(Buffer.from(bytes), "file");
  assert.deepEqual({ ...metadata }, { model: "nano" });
  for (const [name, tensor] of sample()) assert.deepEqual(tensors.get(name), tensor);
  assert.equal(tensors.size, 3);
});

const hostile: Record<string, [Uint8Array, RegExp]> = {
  "too short": [new Uint8Array(5), /5 bytes are too few/],
  "a header longer than the file": [fileWith("{}").subarray(0, 9), /header claims 2 bytes/],
  "a header of 2^63 bytes": [
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 0x7b, 0x7d),
    /header claims 9223372036854775808 bytes/,
  ],
  "a header that is no JSON": [fileWith("{nonsense", 0), /header is not JSON/],
  "a header that is a list": [fileWith("[]", 0), /header is no object/],
  "a name twice": [fileWith(`{"a":${entry(0, 16)},"a":${entry(0, 16)}}`), /names a twice/],
  "a name twice, escaped": [fileWith(`{"a":${entry(0, 16)},"\\u0061":${entry(0, 16)}}`), /names a twice/],
  "an unknown type": [fileWith('{"a":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}}'), /a has type F16/],
  "a negative extent": [fileWith(`{"a":${entry(0, 16, [-4])}}`), /a has no valid shape/],
  "offsets that are no numbers": [
    fileWith('{"a":{"dtype":"F32","shape":[4],"data_offsets":["0",16]}}'),
    /no valid offsets/,
  ],
  "offsets beyond the file": [
    fileWith(`{"a":${entry(0, 32)}}`),
    /bytes 0 to 32 of 16: the file is cut short/,
  ],
  "offsets the wrong way round": [fileWith(`{"a":${entry(16, 0, [4])}}`), /lies at bytes 16 to 0/],
  "data that do not match the shape": [fileWith(`{"a":${entry(0, 16, [3])}}`), /has 16 bytes of data/],
  "overlapping tensors": [
    fileWith(`{"a":${entry(0, 12)},"b":${entry(8, 16)}}`),
    /the data of b overlap those of another/,
  ],
  "a gap": [fileWith(`{"a":${entry(0, 4)},"b":${entry(8, 16)}}`), /bytes 4 to 8 belong to no tensor/],
  "bytes behind the last tensor": [fileWith(`{"a":${entry(0, 12)}}`), /bytes 12 to 16 belong to no tensor/],
};

for (const [name, [bytes, message]] of Object.entries(hostile))
  test(`refused in one line that names the file: ${name}`, () =>
    assert.throws(
      () => parseSafetensors(bytes, "model.safetensors"),
      (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        assert.match(error.message, /^model\.safetensors: [^\n]*$/);
        return true;
      },
    ));

test("a valid file cut anywhere is refused", () => {
  const bytes = encodeSafetensors(sample());
  for (let length = 0; length < bytes.length; length++)
    assert.throws(() => parseSafetensors(bytes.subarray(0, length), "cut"), UserError);
});

test("a damaged header is read as something valid or refused, never a crash", () => {
  const bytes = encodeSafetensors(sample());
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const damaged = bytes.slice();
      damaged[at] = value;
      try {
        parseSafetensors(damaged, "damaged");
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
