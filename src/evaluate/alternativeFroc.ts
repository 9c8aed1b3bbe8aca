// Figures of merit of free-response reading: whether lesions are rated above the worst false mark of an image
// (Chakraborty and Berbaum, Medical Physics 31, 2004; wAFROC: Chakraborty and Zhai, Medical Physics 43, 2016).

/** Ratings of one image's marks; −Infinity for a lesion without a mark. */
export interface RatedImage {
  readonly falseMarks: readonly number[];
  /** One a lesion; empty on a normal image. */
  readonly lesions: readonly number[];
  /** Of the lesions, of sum 1; default equal. */
  readonly weights?: readonly number[];
}

export interface FreeResponseFigures {
  /** Share of pairs of a lesion and a normal image in which the lesion is rated above every false mark there. */
  readonly afroc: number;
  /** As `afroc`, with the false marks of images with lesions too. */
  readonly afroc1: number;
  /** Every image with lesions counts alike, whatever their number. */
  readonly wafroc: number;
  readonly wafroc1: number;
}

const highest = (marks: readonly number[]): number => Math.max(Number.NEGATIVE_INFINITY, ...marks);

const wins = (lesion: number, falseMark: number): number =>
  lesion > falseMark ? 1 : lesion === falseMark ? 0.5 : 0;

/** Mean over images of what a lesion wins against their highest false mark. */
function winsAgainst(images: readonly RatedImage[]): (lesion: number) => number {
  const marks = images.map(({ falseMarks }) => highest(falseMarks));
  return (lesion) => marks.reduce((sum, mark) => sum + wins(lesion, mark), 0) / marks.length;
}

/** NaN where there is no normal image, or none with a lesion. */
export function freeResponseFigures(images: readonly RatedImage[]): FreeResponseFigures {
  const abnormal = images.filter(({ lesions }) => lesions.length > 0);
  const ratings = abnormal.flatMap(({ lesions }) => lesions);
  const average = (win: (lesion: number) => number) =>
    ratings.reduce((sum, rating) => sum + win(rating), 0) / ratings.length;
  const weighted = (win: (lesion: number) => number) =>
    abnormal.reduce((total, { lesions, weights }) => {
      const shares = weights ?? lesions.map(() => 1 / lesions.length);
      return total + lesions.reduce((sum, rating, r) => sum + shares[r] * win(rating), 0);
    }, 0) / abnormal.length;
  const normal = winsAgainst(images.filter(({ lesions }) => lesions.length === 0));
  const any = winsAgainst(images);
  return {
    afroc: average(normal),
    afroc1: average(any),
    wafroc: weighted(normal),
    wafroc1: weighted(any),
  };
}
