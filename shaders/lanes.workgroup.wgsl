// Put in front of a reduction whose work() is written for some lanes that share a unit (a channel, a plane):
// the rung for hardware, one workgroup a unit, neighbouring lanes at neighbouring addresses.

override WORKGROUP: u32; // a power of two

var<workgroup> partial: array<vec4f, WORKGROUP>;

// Sum of every lane's value, the same for all of them: a tree whose halves are added lane by lane.
fn sumOverLanes(value: vec4f, lane: u32) -> vec4f {
  partial[lane] = value;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  work(group.y * groups.x + group.x, local, WORKGROUP);
}

