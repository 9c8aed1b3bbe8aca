// Put in front of a kernel that treats runs of pixels of each plane apart, such as the levels of a packed pyramid: run k ends
// before pixel END_k. Its `Sizes` has the fields LEVELS and END0 to END5.

struct Segment { start: u32, end: u32 }

fn endOf(level: u32) -> u32 {
  switch (level) {
    case 0u: { return sizes.END0; }
    case 1u: { return sizes.END1; }
    case 2u: { return sizes.END2; }
    case 3u: { return sizes.END3; }
    case 4u: { return sizes.END4; }
    default: { return sizes.END5; }
  }
}

fn segmentOf(level: u32) -> Segment {
  if (level == 0u) { return Segment(0u, sizes.END0); }
  return Segment(endOf(level - 1u), endOf(level));
}

