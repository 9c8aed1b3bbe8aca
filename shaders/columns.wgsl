// Four neighbouring pixels of a row of x, zero where they lie outside the image. Put in front of the kernels that go down strips of
// columns: which pixels there are is found out once for all rows.

// Columns of four pixels, moved into the image, and which of them were there.
struct Columns { at: vec4u, inside: vec4<bool> }

fn columns(first: i32, width: u32) -> Columns {
  let wanted = first + vec4i(0, 1, 2, 3);
  let at = clamp(wanted, vec4i(), vec4i(i32(width) - 1));
  return Columns(vec4u(at), at == wanted);
}

fn pixels(start: u32, c: Columns) -> vec4f {
  let at = start + c.at;
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), c.inside);
}

