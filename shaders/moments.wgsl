// Put in front of a kernel that takes the mean and the variance of x in one pass without cancellation. Every lane takes
// its values in blocks: differences from a block's first value, whose sum and squares give the block's own moments with an
// error of BLOCK roundings at most; those are joined to the lane's by Chan's formula, and the lanes' at the end. Sums are
// kept rather than means, whose rounding would add up with every join.

struct Moments { count: f32, sum: f32, squares: f32 } // squares: the sum of squared differences from the mean

@group(0) @binding(0) var<storage, read> x: array<f32>;

const BLOCK = 16u;

fn join(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  let difference = b.sum / b.count - a.sum / max(a.count, 1.0);
  let between = difference * difference * a.count * b.count / count;
  return Moments(count, a.sum + b.sum, a.squares + b.squares + between);
}

// Joins a lane's values of x[start .. end), each `lanes` after the one before, to what it has.
fn addValues(before: Moments, start: u32, end: u32, lane: u32, lanes: u32) -> Moments {
  var moments = before;
  for (var first = start + lane; first < end; first += BLOCK * lanes) {
    let shift = x[first];
    let stop = min(first + BLOCK * lanes, end);
    var count = 1.0;
    var sum = 0.0;
    var squares = 0.0;
    for (var p = first + lanes; p < stop; p += lanes) {
      let difference = x[p] - shift;
      count += 1.0;
      sum += difference;
      squares += difference * difference;
    }
    moments = join(moments, Moments(count, count * shift + sum, squares - sum * sum / count));
  }
  return moments;
}

fn joinLanes(moments: Moments, lane: u32) -> Moments {
  let totals = sumOverLanes(vec4f(moments.count, moments.sum, 0.0, 0.0), lane);
  let offset = moments.sum / max(moments.count, 1.0) - totals.y / totals.x;
  let squares = moments.squares + moments.count * offset * offset;
  return Moments(totals.x, totals.y, sumOverLanes(vec4f(squares, 0.0, 0.0, 0.0), lane).x);
}

