// Gradient of the pointwise convolution with respect to its weight, in SPLITS partial sums:
//   partial[s,o,i] = sum over the elements (n,p) of chunk s of dy[n,o,p] · x[n,i,p]
// A chunk is CHUNK consecutive (n,p) in row-major order; CHUNK and PIXELS are multiples of 4. sumLeading adds the chunks.
//
// One invocation: a register tile of 4 channels of its own × 8 channels that its workgroup shares, of one chunk. Its own are
// input channels, or output channels when SWAPPED, which keeps more invocations busy where there are more of those. Each step takes 4
// neighbouring pixels: a vec4 of each own channel, and one of the shared ones' eight, the others from the subgroup: 5 vec4 loads
// for 32 dot products where the tiled rung has 12. Of subgroups of 4 each invocation loads two. The four products of a
// step are added first, then the steps in order.

enable subgroups;

override SWAPPED: bool;
override SUBGROUP: u32; // 4, or a multiple of 8
override WORKGROUP: u32;

struct Sizes {
  IN: u32,
  OUT: u32,
  PIXELS: u32,
  TOTAL: u32, // batch · PIXELS
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;           // [batch, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;          // [batch, OUT, PIXELS / 4]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [SPLITS, OUT, IN]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn own(at: u32) -> vec4f {
  if (SWAPPED) { return dy[at]; }
  return x[at];
}

fn shared_(at: u32) -> vec4f {
  if (SWAPPED) { return x[at]; }
  return dy[at];
}

fn store(chunk: u32, ownChannel: u32, sharedChannel: u32, sums: vec4f) {
  let owns = select(sizes.IN, sizes.OUT, SWAPPED);
  if (sharedChannel >= select(sizes.OUT, sizes.IN, SWAPPED)) { return; }
  let row = chunk * sizes.OUT * sizes.IN;
  for (var k = 0u; k < min(4u, owns - ownChannel); k++) {
    let c = ownChannel + k;
    partial[row + select(sharedChannel * sizes.IN + c, c * sizes.IN + sharedChannel, SWAPPED)] = sums[k];
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
        @builtin(subgroup_invocation_id) lane: u32) {
  let owns = select(sizes.IN, sizes.OUT, SWAPPED);
  let shares = select(sizes.OUT, sizes.IN, SWAPPED);
  let quads = sizes.PIXELS / 4u;
  let channel = (group.x * WORKGROUP + local) * 4u;
  let first = group.y * 8u;
  let a0 = min(channel, owns - 1u) * quads;
  let a1 = min(channel + 1u, owns - 1u) * quads;
  let a2 = min(channel + 2u, owns - 1u) * quads;
  let a3 = min(channel + 3u, owns - 1u) * quads;
  let b0 = min(first + lane % 8u, shares - 1u) * quads;
  let b1 = min(first + lane % 8u + 4u, shares - 1u) * quads;
  let start = group.z * sizes.CHUNK / 4u;
  let end = min((group.z + 1u) * sizes.CHUNK, sizes.TOTAL) / 4u;
  var sample = start / quads;
  var quad = start % quads;
  var r0 = vec4f(); // r0[k]: shared channel `first` · own channel `channel + k`
  var r1 = vec4f();
  var r2 = vec4f();
  var r3 = vec4f();
  var r4 = vec4f();
  var r5 = vec4f();
  var r6 = vec4f();
  var r7 = vec4f();
  for (var k = start; k < end; k++) {
    let source = sample * owns * quads + quad;
    let v = mat4x4f(own(source + a0), own(source + a1), own(source + a2), own(source + a3));
    let from_ = sample * shares * quads + quad;
    let near = shared_(from_ + b0);
    r0 += subgroupBroadcast(near, 0u) * v;
    r1 += subgroupBroadcast(near, 1u) * v;
    r2 += subgroupBroadcast(near, 2u) * v;
    r3 += subgroupBroadcast(near, 3u) * v;
    if (SUBGROUP == 4u) {
      let far = shared_(from_ + b1);
      r4 += subgroupBroadcast(far, 0u) * v;
      r5 += subgroupBroadcast(far, 1u) * v;
      r6 += subgroupBroadcast(far, 2u) * v;
      r7 += subgroupBroadcast(far, 3u) * v;
    } else {
      r4 += subgroupBroadcast(near, 4u) * v;
      r5 += subgroupBroadcast(near, 5u) * v;
      r6 += subgroupBroadcast(near, 6u) * v;
      r7 += subgroupBroadcast(near, 7u) * v;
    }
    quad++;
    if (quad == quads) {
      quad = 0u;
      sample++;
    }
  }
  if (channel >= owns) { return; }
  store(group.z, channel, first, r0);
  store(group.z, channel, first + 1u, r1);
  store(group.z, channel, first + 2u, r2);
  store(group.z, channel, first + 3u, r3);
  store(group.z, channel, first + 4u, r4);
  store(group.z, channel, first + 5u, r5);
  store(group.z, channel, first + 6u, r6);
  store(group.z, channel, first + 7u, r7);
}
