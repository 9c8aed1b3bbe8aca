// Put in front of a reduction whose work() is written for some lanes that share a unit (a channel, a plane):
// the plain rung, one invocation a unit.

override WORKGROUP: u32;

// Sum of every lane's value, the same for all of them.
fn sumOverLanes(value: vec4f, lane: u32) -> vec4f { return value; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  work((group.y * groups.x + group.x) * WORKGROUP + local, 0u, 1u);
}

