// Depthwise 3x3 convolution of every level of a packed pyramid, the same weights for all, in the strips of depthwiseStrip.wgsl and
// pyramidStrips.wgsl: x [batch, CHANNELS, PIXELS]. What fills the planes up becomes zero; that is a plane's last strip.
// INTERLEAVED: neighbouring invocations take the same strip of neighbouring planes, so that none waits for another's larger
// level; else neighbouring strips of a plane, which lie side by side in memory.

override INTERLEAVED: bool;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let strips = sizes.STRIPS + 1u;
  if (i >= strips * sizes.PLANES) { return; }
  var plane = i / strips;
  var number = i % strips;
  if (INTERLEAVED) {
    plane = i % sizes.PLANES;
    number = i / sizes.PLANES;
  }
  if (number == sizes.STRIPS) {
    for (var k = sizes.FILLING; k < sizes.PIXELS; k++) { y[plane * sizes.PIXELS + k] = 0.0; }
    return;
  }
  let s = stripOf(plane, number, 8u);
  strip(s.image, plane % sizes.CHANNELS, s.top, s.bottom, s.column);
}
