/** Scripts of the fake bridge: what becomes of a job, beat by beat. */
import type { ErrorKind } from "../generated.js";
import { RETRYABLE, STAGE_STARTS } from "../generated.js";

/**
 * `fast` and `slow` complete, `fails` and `bot-check` fail, `never-acknowledges` runs until it is cancelled, and that
 * cancel is never acknowledged.
 */
export type Behaviour = "fast" | "slow" | "fails" | "bot-check" | "never-acknowledges";

export interface Script {
  script?: Behaviour | undefined;
  /** The kind of error with `fails`. */
  kind?: ErrorKind | undefined;
}

export interface Beat {
  stage: string;
  progress: number;
  /** Milliseconds until the next. */
  pause: number;
}

/** A failure that a job ends with: the sentence, and what `result` says of it. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly kind: ErrorKind,
    readonly attempts = 1,
  ) {
    super(message);
  }

  get result(): string {
    const retryable = RETRYABLE.some((kind) => kind === this.kind);
    return JSON.stringify({ error: { kind: this.kind, retryable, attempts: this.attempts } });
  }
}

/** The beats of a job that completes. */
export function beats(type: string, behaviour: Behaviour): Beat[] {
  const starts = Object.entries(STAGE_STARTS[(type === "edit" ? "preview" : type) as keyof typeof STAGE_STARTS]);
  const pause = behaviour === "slow" ? 300 : 20;
  return starts.flatMap(([stage, start], index) => {
    const end = starts[index + 1]?.[1] ?? 100;
    return [0, 1, 2, 3].map((beat) => ({ stage, progress: Math.round(start + ((end - start) * beat) / 4), pause }));
  });
}

/** What the script fails the job with, after half of its beats; null if it does not. */
export function failureOf({ script, kind = "Network" }: Script): Failure | null {
  if (script === "bot-check") {
    const sentence =
      "YouTube asks this server to confirm that it is not a bot: download the recording yourself and upload it.";
    return new Failure(sentence, "BotCheck");
  }
  if (script !== "fails") return null;
  return new Failure(`The fake bridge fails this job, with kind ${kind}, as its script says.`, kind);
}
