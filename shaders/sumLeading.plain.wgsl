// Sum of up to six tensors over their leading dimensions, formula and order as in sumLeading.wgsl.
// The rung for partial results of any number. One invocation: one element of y.

override COUNT: u32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
  SPLITS0: u32,
  SPLITS1: u32,
  SPLITS2: u32,
  SPLITS3: u32,
  SPLITS4: u32,
  SPLITS5: u32,
}

@group(0) @binding(0) var<storage, read> x0: array<f32>; // [SPLITS0, LENGTH]
@group(0) @binding(1) var<storage, read> x1: array<f32>; // [SPLITS1, LENGTH], …
@group(0) @binding(2) var<storage, read> x2: array<f32>;
@group(0) @binding(3) var<storage, read> x3: array<f32>;
@group(0) @binding(4) var<storage, read> x4: array<f32>;
@group(0) @binding(5) var<storage, read> x5: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>; // [LENGTH]
@group(0) @binding(7) var<uniform> sizes: Sizes;

// Eight loads at a time, so that a GPU waits for memory once for all of them.
fn sumOf(x: ptr<storage, array<f32>, read>, splits: u32, i: u32) -> f32 {
  let row = sizes.LENGTH;
  var sum = 0.0;
  var at = i;
  for (var block = 0u; block < splits / 8u; block++) {
    sum += ((x[at] + x[at + row]) + (x[at + 2u * row] + x[at + 3u * row]))
      + ((x[at + 4u * row] + x[at + 5u * row]) + (x[at + 6u * row] + x[at + 7u * row]));
    at += 8u * row;
  }
  for (; at < splits * row; at += row) { sum += x[at]; }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  var sum = sumOf(&x0, sizes.SPLITS0, i);
  if (COUNT > 1u) { sum += sumOf(&x1, sizes.SPLITS1, i); }
  if (COUNT > 2u) { sum += sumOf(&x2, sizes.SPLITS2, i); }
  if (COUNT > 3u) { sum += sumOf(&x3, sizes.SPLITS3, i); }
  if (COUNT > 4u) { sum += sumOf(&x4, sizes.SPLITS4, i); }
  if (COUNT > 5u) { sum += sumOf(&x5, sizes.SPLITS5, i); }
  y[i] = sum;
}
