// Put in front of a reduction whose work() is written for some lanes that share a unit (a channel, a plane):
// the rung for software adapters, one subgroup a unit, without barriers. A unit is a workgroup's number, the same for all
// lanes, so that what depends on it alone is computed and loaded once.

enable subgroups;
diagnostic(off, subgroup_uniformity);

override SUBGROUP: u32;

// Sum of every lane's value, the same for all of them, in the adapter's fixed order.
fn sumOverLanes(value: vec4f, lane: u32) -> vec4f { return subgroupAdd(value); }

@compute @workgroup_size(SUBGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  work(group.y * groups.x + group.x, local, SUBGROUP);
}

