// Gradient of cosineDistance with respect to a:
//   da = upstream of the chunk / LOCATIONS · (cos · a / |a|² − b / (|a| · |b|))     norms at least 1e-8
// One invocation: all channels of one location.

override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32,
  PIXELS: u32,
  LOCATIONS: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> b: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read> upstream: array<f32>; // [GROUPS]
@group(0) @binding(3) var<storage, read_write> da: array<f32>; // [batch, CHANNELS, PIXELS]
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LOCATIONS) { return; }
  let start = i / sizes.PIXELS * sizes.CHANNELS * sizes.PIXELS + i % sizes.PIXELS;
  var products = vec3f();
  for (var c = 0u; c < sizes.CHANNELS; c++) {
    let pair = vec2f(a[start + c * sizes.PIXELS], b[start + c * sizes.PIXELS]);
    products += vec3f(pair.x * pair.y, pair.x * pair.x, pair.y * pair.y);
  }
  let normA = max(sqrt(products.y), 1e-8);
  let normB = max(sqrt(products.z), 1e-8);
  let scale = upstream[i / sizes.CHUNK] / f32(sizes.LOCATIONS);
  let cosine = products.x / (normA * normB);
  for (var c = 0u; c < sizes.CHANNELS; c++) {
    let k = start + c * sizes.PIXELS;
    da[k] = scale * (cosine * a[k] / (normA * normA) - b[k] / (normA * normB));
  }
}
