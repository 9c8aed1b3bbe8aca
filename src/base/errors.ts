/**
 * What the user can mend: a bad file, row, option or value, or a machine without an adapter. The command line prints
 * its message as one line and exits with 1; any other error is our own fault and keeps its stack trace.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** The message of anything thrown, on one line. */
export function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/\s*\n\s*/g, "; ").trim();
}
