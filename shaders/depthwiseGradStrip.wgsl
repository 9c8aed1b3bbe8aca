// Gradient of the depthwise convolution with respect to its weight, NCHW, for kernels of 3x3 and 5x5 at stride 1 and 2.
//   dw[u,v] = sum over some outputs (i,j) of dy[i,j] · x[i·STRIDE + u − pad rows, j·STRIDE + v − pad columns]
// Put in front of depthwiseConv2dGradWeight.wgsl and pyramidDepthwiseConv2dGradWeight.wgsl, which say which outputs one
// invocation sums. It walks down columns of four outputs and loads every line of x and of dy once: a line of x meets the
// last KERNEL / STRIDE lines of dy. Four outputs of a line are added first, then lines from top to bottom.

override KERNEL: u32;
override STRIDE: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;             // images [batch, channels, …]
@group(0) @binding(1) var<storage, read> dy: array<f32>;            // as x, of outputs
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>; // [parts, channels, 1, KERNEL, KERNEL]

// Where an image begins in x, or its outputs in dy.
struct Image { start: u32, height: u32, width: u32 }
// What the five taps of a row meet at four neighbouring outputs.
struct Line { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f }
// The sums of a row of taps.
struct Taps { first: vec3f, rest: vec2f }
// The sums of all taps; a 3x3 kernel has three rows.
struct Sums { row0: Taps, row1: Taps, row2: Taps, row3: Taps, row4: Taps }

// As many of four pixels as a line needs after the others: one to three at stride 2, none or two at stride 1.
fn lastPixels(start: u32, c: Columns) -> vec4f {
  var p = vec4f();
  if (STRIDE == 2u) { p.x = x[start + c.at.x]; }
  if (STRIDE == 2u && KERNEL == 5u) {
    p.y = x[start + c.at.y];
    p.z = x[start + c.at.z];
  }
  return select(vec4f(), p, c.inside);
}

fn line(start: u32, c0: Columns, c1: Columns, c2: Columns) -> Line {
  let p = pixels(start, c0);
  if (STRIDE == 1u) {
    var q = vec4f(x[start + c1.at.x], x[start + c1.at.y], 0.0, 0.0);
    if (KERNEL == 5u) { q = vec4f(q.xy, x[start + c1.at.z], x[start + c1.at.w]); }
    q = select(vec4f(), q, c1.inside);
    return Line(p, vec4f(p.yzw, q.x), vec4f(p.zw, q.xy), vec4f(p.w, q.xyz), q);
  }
  let q = pixels(start, c1);
  let r = lastPixels(start, c2);
  let even = vec4f(p.xz, q.xz);
  let odd = vec4f(p.yw, q.yw);
  return Line(even, odd, vec4f(even.yzw, r.x), vec4f(odd.yzw, r.y), vec4f(even.zw, r.xz));
}

fn meet(sum: Taps, g: vec4f, l: Line) -> Taps {
  let first = sum.first + vec3f(dot(g, l.v0), dot(g, l.v1), dot(g, l.v2));
  if (KERNEL == 3u) { return Taps(first, vec2f()); }
  return Taps(first, sum.rest + vec2f(dot(g, l.v3), dot(g, l.v4)));
}

fn write(at: u32, row: u32, sum: Taps) {
  let start = at + row * KERNEL;
  dweight[start] = sum.first.x;
  dweight[start + 1u] = sum.first.y;
  dweight[start + 2u] = sum.first.z;
  if (KERNEL == 5u) {
    dweight[start + 3u] = sum.rest.x;
    dweight[start + 4u] = sum.rest.y;
  }
}

// Adds the outputs at `outColumn` and its three right neighbours in rows from `top` to before `bottom`.
fn addColumns(s: ptr<function, Sums>, image: Image, outputs: Image, pad: vec2u, top: u32, bottom: u32, outColumn: u32) {
  let carried = (KERNEL - 1u) / STRIDE; // lines of dy that a step's lines of x meet besides its own
  let c = columns(i32(outColumn), outputs.width);
  let left = i32(outColumn * STRIDE) - i32(pad.y);
  let c0 = columns(left, image.width);
  let c1 = columns(left + 4, image.width);
  let c2 = columns(left + 8, image.width);
  var g1 = vec4f();
  var g2 = vec4f();
  var g3 = vec4f();
  var g4 = vec4f();
  for (var outRow = top; outRow < bottom + carried; outRow++) {
    var g0 = vec4f();
    if (outRow < bottom) {
      let at = outputs.start + outRow * outputs.width + c.at;
      g0 = select(vec4f(), vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), c.inside);
    }
    let row = outRow * STRIDE - pad.x; // rows above the image wrap to huge numbers
    if (row < image.height) {
      let l = line(image.start + row * image.width, c0, c1, c2);
      (*s).row0 = meet((*s).row0, g0, l);
      if (STRIDE == 1u) {
        (*s).row1 = meet((*s).row1, g1, l);
        (*s).row2 = meet((*s).row2, g2, l);
        if (KERNEL == 5u) {
          (*s).row3 = meet((*s).row3, g3, l);
          (*s).row4 = meet((*s).row4, g4, l);
        }
      } else {
        (*s).row2 = meet((*s).row2, g1, l);
        if (KERNEL == 5u) { (*s).row4 = meet((*s).row4, g2, l); }
      }
    }
    if (STRIDE == 2u && row + 1u < image.height) {
      let l = line(image.start + (row + 1u) * image.width, c0, c1, c2);
      (*s).row1 = meet((*s).row1, g0, l);
      if (KERNEL == 5u) { (*s).row3 = meet((*s).row3, g1, l); }
    }
    g4 = g3;
    g3 = g2;
    g2 = g1;
    g1 = g0;
  }
}

