// Progress for people: bars on a terminal, plain lines in a log.
import { MultiBar, Presets } from "cli-progress";
import type { ProgressBar, Reporter } from "../base/reporter.ts";

/** Seconds between two lines about one bar in a log. */
const logEvery = 15;

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Time left, from the pace since the first update. */
class Pace {
  #first: { readonly done: number; readonly at: number } | undefined;

  left(done: number, total: number): string {
    const now = performance.now();
    this.#first ??= { done, at: now };
    const pace = (done - this.#first.done) / (now - this.#first.at);
    return pace > 0 ? `${duration((total - done) / pace / 1000)} left` : "";
  }
}

class LogReporter implements Reporter {
  note(line: string): void {
    console.log(line);
  }

  warn(line: string): void {
    console.log(`warning: ${line}`);
  }

  progress(title: string, total: number): ProgressBar {
    const pace = new Pace();
    let printed = performance.now();
    return {
      update(done, text) {
        const left = pace.left(done, total);
        if (performance.now() - printed < 1000 * logEvery) return;
        printed = performance.now();
        console.log(`${title}: ${done}/${total}, ${text}${left && `, ${left}`}`);
      },
      stop() {},
    };
  }
}

class TerminalReporter implements Reporter {
  #bars: MultiBar | undefined;

  note(line: string): void {
    if (this.#bars) this.#bars.log(`${line}\n`);
    else console.log(line);
  }

  warn(line: string): void {
    this.note(`\x1b[33mwarning: ${line}\x1b[0m`);
  }

  progress(title: string, total: number): ProgressBar {
    const pace = new Pace();
    this.#bars = new MultiBar(
      {
        format: "{title} {bar} {value}/{total}  {text}  {left}",
        barsize: 20,
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    const bar = this.#bars.create(total, 0, { title, text: "", left: "" });
    return {
      update: (done, text) => bar.update(done, { text, left: pace.left(done, total) }),
      stop: () => {
        this.#bars?.stop();
        this.#bars = undefined;
      },
    };
  }
}

export const createReporter = (): Reporter =>
  process.stdout.isTTY ? new TerminalReporter() : new LogReporter();
