// Gradient of the depthwise 3x3 convolution of a packed pyramid with respect to its weight, a partial sum a plane that
// sumLeading adds:
//   partial[n,c,u,v] = sum over the levels and their i, j of dy[n,c,i,j] · x[n,c, i + u − 1, j + v − 1]
// A plane's lanes share out its strips (pyramidStrips.wgsl), four columns wide, and sum each as depthwiseGradStrip.wgsl says;
// then the lanes' sums are added.

@group(0) @binding(3) var<uniform> sizes: Sizes;

fn work(plane: u32, lane: u32, lanes: u32) {
  if (plane >= sizes.PLANES) { return; }
  var sums = Sums();
  for (var number = lane; number < sizes.STRIPS; number += lanes) {
    let s = stripOf(plane, number, 4u);
    addColumns(&sums, s.image, s.image, vec2u(1u), s.top, s.bottom, s.column);
  }
  let row0 = sumOverLanes(vec4f(sums.row0.first, 0.0), lane);
  let row1 = sumOverLanes(vec4f(sums.row1.first, 0.0), lane);
  let row2 = sumOverLanes(vec4f(sums.row2.first, 0.0), lane);
  if (lane > 0u) { return; }
  write(plane * 9u, 0u, Taps(row0.xyz, vec2f()));
  write(plane * 9u, 1u, Taps(row1.xyz, vec2f()));
  write(plane * 9u, 2u, Taps(row2.xyz, vec2f()));
}
