// Where a strip of a packed pyramid lies: its levels follow each other in a plane, pixel after pixel, and its strips are numbered
// level after level. Put in front of pyramidDepthwiseConv2d.wgsl and pyramidDepthwiseConv2dGradWeight.wgsl.

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  PIXELS: u32, // of all levels, and the filling
  STRIPS: u32, // of a plane's levels
  FILLING: u32, // the filling's first pixel
  START0: u32, // the level's first pixel
  FIRST0: u32, // the level's first strip; beyond all strips where there is no such level
  HEIGHT0: u32,
  WIDTH0: u32,
  ROWS0: u32, // of a strip
  START1: u32,
  FIRST1: u32,
  HEIGHT1: u32,
  WIDTH1: u32,
  ROWS1: u32,
  START2: u32,
  FIRST2: u32,
  HEIGHT2: u32,
  WIDTH2: u32,
  ROWS2: u32,
  START3: u32,
  FIRST3: u32,
  HEIGHT3: u32,
  WIDTH3: u32,
  ROWS3: u32,
  START4: u32,
  FIRST4: u32,
  HEIGHT4: u32,
  WIDTH4: u32,
  ROWS4: u32,
  START5: u32,
  FIRST5: u32,
  HEIGHT5: u32,
  WIDTH5: u32,
  ROWS5: u32,
}

// `image` starts in a plane.
struct Level { image: Image, first: u32, rows: u32 }

fn levelOf(strip_: u32) -> Level {
  if (strip_ >= sizes.FIRST5) { return Level(Image(sizes.START5, sizes.HEIGHT5, sizes.WIDTH5), sizes.FIRST5, sizes.ROWS5); }
  if (strip_ >= sizes.FIRST4) { return Level(Image(sizes.START4, sizes.HEIGHT4, sizes.WIDTH4), sizes.FIRST4, sizes.ROWS4); }
  if (strip_ >= sizes.FIRST3) { return Level(Image(sizes.START3, sizes.HEIGHT3, sizes.WIDTH3), sizes.FIRST3, sizes.ROWS3); }
  if (strip_ >= sizes.FIRST2) { return Level(Image(sizes.START2, sizes.HEIGHT2, sizes.WIDTH2), sizes.FIRST2, sizes.ROWS2); }
  if (strip_ >= sizes.FIRST1) { return Level(Image(sizes.START1, sizes.HEIGHT1, sizes.WIDTH1), sizes.FIRST1, sizes.ROWS1); }
  return Level(Image(sizes.START0, sizes.HEIGHT0, sizes.WIDTH0), sizes.FIRST0, sizes.ROWS0);
}

struct Strip { image: Image, top: u32, bottom: u32, column: u32 }

// Strip `number` of a plane, `columns` wide.
fn stripOf(plane: u32, number: u32, columns: u32) -> Strip {
  let level = levelOf(number);
  let image = Image(plane * sizes.PIXELS + level.image.start, level.image.height, level.image.width);
  let across = (image.width + columns - 1u) / columns;
  let top = (number - level.first) / across * level.rows;
  return Strip(image, top, min(top + level.rows, image.height), (number - level.first) % across * columns);
}

