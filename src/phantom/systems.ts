// Mammography systems: geometry and detector, as published.

export interface System {
  readonly name: string;
  /** Of tomosynthesis, and degrees from the first to the last. */
  readonly views: number;
  readonly span: number;
  /** From the vertical source to the detector, mm. */
  readonly sourceToDetector: number;
  /** Height of the tube's axis of rotation above the detector, mm. */
  readonly pivot: number;
  /** From the breast to the detector, mm. */
  readonly airGap: number;
  /** Side of a native pixel, mm. */
  readonly pixel: number;
  /** Native pixels read out as one along either axis in tomosynthesis. */
  readonly binning: number;
  /** Standard deviation of the detector's point spread beside its pixels, mm. */
  readonly detectorBlur: number;
  /** Side of the focal spot, mm. */
  readonly focalSpot: number;
  /** Degrees that the tube travels during one view. */
  readonly motion: number;
  /** Dose of all views together as a multiple of the mammogram's. */
  readonly doseRatio: number;
}

/**
 * Views, spans, distances, pivots and pixels: pyDBT's settings of clinical systems (LAVI-USP/pyDBT, parameterSettings). Point
 * spreads: Gaussians with the published MTF beside the pixel's own: amorphous selenium above 0.4 at 7.1/mm, caesium iodide 0.42 at
 * 4/mm. Focal spot and continuous motion: the VICTRE pipeline. Dose ratios: 1.30 to 1.20 mGy for 5 cm (Hologic; PMC3309800), 1.5 in
 * VICTRE, whose replica is of Siemens' system; for GE's none was found and the doses are taken as equal.
 */
export const systems = {
  hologic: {
    name: "hologic",
    views: 15,
    span: 15,
    sourceToDetector: 700,
    pivot: 0,
    airGap: 25,
    pixel: 0.07,
    binning: 2,
    detectorBlur: 0.03,
    focalSpot: 0.3,
    motion: 0.18,
    doseRatio: 1.08,
  },
  siemens: {
    name: "siemens",
    views: 25,
    span: 50,
    sourceToDetector: 650,
    pivot: 47,
    airGap: 17,
    pixel: 0.085,
    binning: 1,
    detectorBlur: 0.03,
    focalSpot: 0.3,
    motion: 0.18,
    doseRatio: 1.5,
  },
  ge: {
    name: "ge",
    views: 9,
    span: 25,
    sourceToDetector: 660,
    pivot: 40,
    airGap: 22,
    pixel: 0.1,
    binning: 1,
    detectorBlur: 0.052,
    focalSpot: 0.3,
    motion: 0,
    doseRatio: 1,
  },
} as const satisfies Record<string, System>;

export type SystemName = keyof typeof systems;
export const systemNames = Object.keys(systems) as SystemName[];

/** Photons per mm² behind the breast in the mammogram, on average: some 5500 a pixel of 85 µm (VICTRE's histories). */
export const fluence = 760e3;

/** Standard deviation of one read-out in photons of 20 keV: 5200 electrons at 50 eV each (VICTRE's detector). */
const readOutNoise = (5200 * 50) / 20e3;

/** Pixels of a picture that tomosynthesis reads out as one: a picture may be coarser than what the detector bins. */
export const binsOf = ({ pixel, binning }: System, spacing: number): number =>
  Math.max(Math.round((pixel * binning) / spacing), 1);

/**
 * Electronic noise in photons of a picture's pixel of a side in mm, which may be coarser than the detector's: it gathers
 * (side / (native · binning))² read-outs.
 */
export const electronicNoise = (system: System, side: number, binning: number): number =>
  (readOutNoise * side) / (system.pixel * binning);
