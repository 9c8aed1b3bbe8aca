// Counter-based random numbers: the value at (seed, stream, counter) is a pure function of the three, so the order of
// work, the number of workers and resuming a run change nothing.

/** Murmur3's 32-bit finaliser: a bijection on u32 whose output bits each depend on every input bit. */
export function mix(value: number): number {
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** FNV-1a over the UTF-8 bytes of a stream's name. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const goldenRatio = 0x9e3779b9;

/** The 32 bits of a stream's key at a counter; shaders/random.wgsl draws the same. */
const bitsAt = (key: number, counter: number): number =>
  mix(mix(key + Math.imul(counter, goldenRatio)) ^ key);

export const uniformAt = (key: number, counter: number): number => (bitsAt(key, counter) >>> 8) * 2 ** -24;

/** Standard normal by Box and Muller from the uniforms at 2·counter and 2·counter + 1. */
export function normalAt(key: number, counter: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(key, 2 * counter)));
  return radius * Math.cos(2 * Math.PI * uniformAt(key, 2 * counter + 1));
}

/** One independent stream of random numbers, addressed by counter or read in order with the `next…` methods. */
export class RandomStream {
  /** What tells this stream from all others: a shader draws its numbers by it. */
  readonly key: number;
  #counter = 0;

  /** @param name tells streams of one seed apart, e.g. "augment/epoch 3/sample 17". */
  constructor(seed: number, name: string) {
    this.key = mix(hashName(name) ^ Math.imul(seed, goldenRatio));
  }

  /** A 32-bit unsigned integer. */
  bitsAt(counter: number): number {
    return bitsAt(this.key, counter);
  }

  /** Uniform in [0, 1), with 24 bits, so that it is exact in float32. */
  uniformAt(counter: number): number {
    return uniformAt(this.key, counter);
  }

  /** Standard normal; draws the uniforms at 2·counter and 2·counter + 1. */
  normalAt(counter: number): number {
    return normalAt(this.key, counter);
  }

  nextUniform(low = 0, high = 1): number {
    return low + (high - low) * this.uniformAt(this.#counter++);
  }

  /** A standard normal; draws two counters. */
  nextNormal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.nextUniform()));
    return radius * Math.cos(2 * Math.PI * this.nextUniform());
  }

  /** An integer in [0, count). */
  nextInteger(count: number): number {
    return Math.floor(this.nextUniform() * count);
  }

  /** The integers 0 … count−1 in random order (Fisher and Yates). */
  nextPermutation(count: number): number[] {
    const order = Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const pick = this.nextInteger(last + 1);
      [order[last], order[pick]] = [order[pick], order[last]];
    }
    return order;
  }
}
