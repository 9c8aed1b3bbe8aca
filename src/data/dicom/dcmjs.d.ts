// The part of dcmjs that is used here; the package brings no types.
declare module "dcmjs" {
  interface DataElement {
    readonly vr: string;
    readonly Value: unknown;
  }
  /** By tag: eight upper-case hexadecimal digits. */
  type DataSet = Record<string, DataElement>;

  class ReadBufferStream {
    readonly endOffset: number;
    getBuffer(start: number, end: number): ArrayBuffer;
  }

  class DicomDict {
    constructor(meta: DataSet);
    dict: DataSet;
    write(): ArrayBuffer;
  }

  export const data: {
    ReadBufferStream: typeof ReadBufferStream;
    DicomDict: typeof DicomDict;
    DicomMessage: {
      /** With `ignoreErrors` it returns what stands before the first error in the data set. */
      readFile(
        buffer: ArrayBufferLike,
        options?: { readonly ignoreErrors: boolean },
      ): { meta: DataSet; dict: DataSet };
    };
    DicomMetaDictionary: {
      /** From attribute names to tags. */
      denaturalizeDataset(named: Record<string, unknown>): DataSet;
    };
  };

  interface Logger {
    setLevel(level: "silent"): void;
  }
  export const log: Logger & { getLogger(name: string): Logger };
}
