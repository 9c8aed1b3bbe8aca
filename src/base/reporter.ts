/** One thing that takes a while. */
export interface ProgressBar {
  /** @param text what to show beside it, e.g. the current loss. */
  update(done: number, text: string): void;
  stop(): void;
}

/** Where a long job tells a person how it goes. */
export interface Reporter {
  note(line: string): void;
  warn(line: string): void;
  progress(title: string, total: number): ProgressBar;
}
