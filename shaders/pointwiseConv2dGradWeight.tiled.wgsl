// The rung that shares nothing. One invocation: a register tile of 4 of the many × 8 of the few channels of one chunk, 12
// vec4 loads for 32 dot products.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let columns = (manyChannels() + 3u) / 4u;
  let lastMany = manyChannels() - 1u;
  let lastFew = fewChannels() - 1u;
  let channel = id.x % columns * 4u;
  let first = id.x / columns * 8u;
  if (first > lastFew) { return; }
  let quads = sizes.PIXELS / 4u;
  let end = min((id.y + 1u) * sizes.CHUNK, sizes.TOTAL) / 4u;
  let a0 = channel * quads;
  let a1 = min(channel + 1u, lastMany) * quads;
  let a2 = min(channel + 2u, lastMany) * quads;
  let a3 = min(channel + 3u, lastMany) * quads;
  let b0 = first * quads;
  let b1 = min(first + 1u, lastFew) * quads;
  let b2 = min(first + 2u, lastFew) * quads;
  let b3 = min(first + 3u, lastFew) * quads;
  let b4 = min(first + 4u, lastFew) * quads;
  let b5 = min(first + 5u, lastFew) * quads;
  let b6 = min(first + 6u, lastFew) * quads;
  let b7 = min(first + 7u, lastFew) * quads;
  var r0 = vec4f(); // r0[k]: few channel `first` · many channel `channel + k`
  var r1 = vec4f();
  var r2 = vec4f();
  var r3 = vec4f();
  var r4 = vec4f();
  var r5 = vec4f();
  var r6 = vec4f();
  var r7 = vec4f();
  for (var k = id.y * sizes.CHUNK / 4u; k < end; k++) {
    let sample = k / quads;
    let quad = k % quads;
    let m = sample * manyChannels() * quads + quad;
    let f = sample * fewChannels() * quads + quad;
    let v = mat4x4f(many(m + a0), many(m + a1), many(m + a2), many(m + a3));
    r0 += few(f + b0) * v;
    r1 += few(f + b1) * v;
    r2 += few(f + b2) * v;
    r3 += few(f + b3) * v;
    r4 += few(f + b4) * v;
    r5 += few(f + b5) * v;
    r6 += few(f + b6) * v;
    r7 += few(f + b7) * v;
  }
  writeFour(id.y, channel, first, r0);
  writeFour(id.y, channel, first + 1u, r1);
  writeFour(id.y, channel, first + 2u, r2);
  writeFour(id.y, channel, first + 3u, r3);
  writeFour(id.y, channel, first + 4u, r4);
  writeFour(id.y, channel, first + 5u, r5);
  writeFour(id.y, channel, first + 6u, r6);
  writeFour(id.y, channel, first + 7u, r7);
}

