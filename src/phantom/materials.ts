/**
 * Linear attenuation in 1/mm at 20 keV, the effective energy behind a breast of a 28 kVp W/Rh spectrum, Rayleigh
 * scatter included: PENELOPE cross sections at the densities of the VICTRE pipeline (github.com/DIDSR/VICTRE_PIPELINE).
 */
export const attenuation = {
  adipose: 0.0513,
  gland: 0.0767,
  skin: 0.0841,
  /** Calcium oxalate, the softer of the two kinds of calcification. */
  calcification: 0.819,
} as const;
