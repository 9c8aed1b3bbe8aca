// Reductions of many elements to a few numbers a unit (a channel, a plane). The shader's body, work(unit, lane, lanes), is
// written once for lanes that share a unit; three texts put in front of it say what a lane is.
import plain from "../shaders/lanes.plain.wgsl";
import subgroup from "../shaders/lanes.subgroup.wgsl";
import workgroup from "../shaders/lanes.workgroup.wgsl";
import { divideUp, linearWorkgroups, type Parameters, type Variant } from "./kernel.ts";

/** Few invocations a workgroup, so that few units still keep every core of a CPU busy. */
const plainWorkgroup = 8;
/** On hardware: a small unit would leave most lanes of a large workgroup idle. */
const hardwareWorkgroup = (elements: number): number => (elements > 512 ? 256 : 32);

/**
 * The variants of such a reduction: a workgroup a unit on hardware, a subgroup a unit, an invocation a unit.
 * @param constants without WORKGROUP, which is added where it is the variant's.
 * @param units how many there are.
 * @param elements how many a unit's lanes share.
 */
export function laneVariants<P extends Parameters>(
  body: string,
  constants: (parameters: P) => Record<string, number>,
  units: (parameters: P) => number,
  elements: (parameters: P) => number,
): readonly Variant<P>[] {
  return [
    {
      name: "workgroup",
      shader: workgroup + body,
      constants: (p) => ({ ...constants(p), WORKGROUP: hardwareWorkgroup(elements(p)) }),
      workgroups: (p) => linearWorkgroups(units(p)),
      barriers: true,
    },
    {
      name: "subgroup",
      shader: subgroup + body,
      constants,
      workgroups: (p) => linearWorkgroups(units(p)),
      subgroups: 4,
    },
    {
      name: "plain",
      shader: plain + body,
      constants: (p) => ({ ...constants(p), WORKGROUP: plainWorkgroup }),
      workgroups: (p) => linearWorkgroups(divideUp(units(p), plainWorkgroup)),
    },
  ];
}
