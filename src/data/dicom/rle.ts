// DICOM's run-length encoding (PS3.5 annex G): a header of up to fifteen segments' offsets; each segment is a byte of every
// pixel, most significant first, packed as PackBits.

const headerLength = 64;
const mostSegments = 15;

/** Unpacks one segment into every `stride`-th byte of `out` from `start` on. @returns how many pixels it gave. */
function unpack(bytes: Uint8Array, out: Uint8Array, start: number, stride: number): number {
  let at = start;
  for (let i = 0; i < bytes.length && at < out.length; ) {
    const control = bytes[i++];
    if (control < 128) {
      for (let left = control + 1; left > 0 && i < bytes.length && at < out.length; left--, at += stride)
        out[at] = bytes[i++];
    } else if (control > 128) {
      const value = bytes[i++] ?? 0;
      for (let left = 257 - control; left > 0 && at < out.length; left--, at += stride) out[at] = value;
    }
  }
  return Math.ceil((at - start) / stride);
}

/**
 * The little-endian samples of a frame.
 * @throws Error when the segments are not as many as a sample has bytes, lie outside, or give too few pixels.
 */
export function decodeRle(frame: Uint8Array, pixels: number, bytesPerSample: number): Uint8Array {
  if (frame.length < headerLength) throw new Error("an RLE header is cut short");
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const count = view.getUint32(0, true);
  if (count !== bytesPerSample || count > mostSegments)
    throw new Error(`${count} RLE segments where ${bytesPerSample} were expected`);
  const offsets = Array.from({ length: count }, (_, s) => view.getUint32(4 + 4 * s, true));
  const out = new Uint8Array(pixels * bytesPerSample);
  offsets.forEach((offset, s) => {
    const end = offsets[s + 1] ?? frame.length;
    if (offset < headerLength || end > frame.length || offset >= end)
      throw new Error(`RLE segment ${s + 1} lies outside the frame`);
    const given = unpack(frame.subarray(offset, end), out, bytesPerSample - 1 - s, bytesPerSample);
    if (given < pixels) throw new Error(`RLE segment ${s + 1} gives ${given} of ${pixels} pixels`);
  });
  return out;
}
