// Put in front of what follows X-rays through a compressed breast. Millimetres: x from the chest wall, y down the image, z up
// from the middle of the breast. Pixels are stated in the plane z = 0, where the vertical source projects the detector's.

struct Frame {
  thickness: f32, // of the compressed breast
  detector: f32,  // height of the detector, below 0
  vertical: f32,  // height of the source that defines the pixels
  middle: f32,    // y that this source stands above
}

fn readFrame(values: vec4f) -> Frame { return Frame(values.x, values.y, values.z, values.w); }

// How much larger things at z = 0 are on the detector.
fn magnification(frame: Frame) -> f32 { return (frame.vertical - frame.detector) / frame.vertical; }

// On the detector, from the plane z = 0.
fn toDetector(frame: Frame, point: vec2f) -> vec2f {
  let middle = vec2f(0.0, frame.middle);
  return middle + (point - middle) * magnification(frame);
}

// In the plane z = 0, from the detector.
fn fromDetector(frame: Frame, point: vec2f) -> vec2f {
  let middle = vec2f(0.0, frame.middle);
  return middle + (point - middle) / magnification(frame);
}

// Where the ray from a source to a point of the detector is at a height.
fn atHeight(frame: Frame, source: vec3f, point: vec2f, z: f32) -> vec2f {
  return source.xy + (point - source.xy) * ((source.z - z) / (source.z - frame.detector));
}

// Where the ray from a source through a point of the breast meets the detector.
fn shadow(frame: Frame, source: vec3f, point: vec3f) -> vec2f {
  return source.xy + (point.xy - source.xy) * ((source.z - frame.detector) / (source.z - point.z));
}

// Length of a ray to a point of the detector for each millimetre of height.
fn obliquity(frame: Frame, source: vec3f, point: vec2f) -> f32 {
  return length(vec3f(point - source.xy, source.z - frame.detector)) / (source.z - frame.detector);
}
