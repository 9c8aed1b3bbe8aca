
// Put behind a convolution: its sums are its outputs.

@group(0) @binding(3) var<uniform> sizes: Sizes;

fn normOf(channel: u32) -> vec2f { return vec2f(); }
fn finish(sum: Pixels, n: vec2f) -> Pixels { return sum; }
