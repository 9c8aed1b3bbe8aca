// Put in front of what draws random numbers: those of src/base/random.ts's RandomStream, addressed by its key and a counter.

// Murmur3's 32-bit finaliser.
fn mixBits(value: u32) -> u32 {
  var h = value;
  h = (h ^ (h >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return h ^ (h >> 16u);
}

fn bitsAt(key: u32, counter: u32) -> u32 { return mixBits(mixBits(key + counter * 0x9e3779b9u) ^ key); }

// Uniform in [0, 1) with 24 bits.
fn uniformAt(key: u32, counter: u32) -> f32 { return f32(bitsAt(key, counter) >> 8u) * 0x1p-24f; }

// Standard normal by Box and Muller.
fn normalAt(key: u32, counter: u32) -> f32 {
  let radius = sqrt(-2.0 * log(1.0 - uniformAt(key, 2u * counter)));
  return radius * cos(6.283185307179586 * uniformAt(key, 2u * counter + 1u));
}
