// The photons of a pixel of the open field that bring a wanted number behind the breast, on average:
//   open = BEHIND / mean of exp(−L) over the pixels with L > LIMIT, where there is breast; BEHIND where there is none
// One unit; a lane takes every lanes-th pixel.

override LENGTH: u32;
override LIMIT: f32;
override BEHIND: f32;

@group(0) @binding(0) var<storage, read> x: array<f32>; // [LENGTH] line integrals
@group(0) @binding(1) var<storage, read_write> open: array<f32>;

fn work(unit: u32, lane: u32, lanes: u32) {
  if (unit > 0u) { return; }
  var sum = vec4f(); // of exp(−L), and how many
  for (var i = lane; i < LENGTH; i += lanes) {
    if (x[i] > LIMIT) { sum += vec4f(exp(-x[i]), 1.0, 0.0, 0.0); }
  }
  let total = sumOverLanes(sum, lane);
  if (lane == 0u) { open[0] = BEHIND * select(1.0, total.y / total.x, total.y > 0.0); }
}
