// Does nothing: what a dispatch costs by itself.

override WORKGROUP: u32;

@compute @workgroup_size(WORKGROUP)
fn main() {}
