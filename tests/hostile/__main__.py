"""`python -m tests.hostile [K/N] [WORD ...]`: the table of all cases, of those whose title holds a word, or of the
K-th of N equal parts. Exit code 0 if nothing went wrong."""

import sys
import tempfile
from pathlib import Path

from tests.hostile.arena import Outcome, Tally, play_all
from tests.hostile.cases import all_cases

_WIDTH = 48


def main(words: list[str]) -> int:
    part, of = map(int, words.pop(0).split("/")) if words and "/" in words[0] else (1, 1)
    cases = [case for case in all_cases() if not words or any(word in case.title for word in words)][part - 1 :: of]
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="audioprep-hostile-") as folder:
        print(f"{'case':<{_WIDTH}} {'time':>7} {'memory':>8}  what happened")
        for outcome in play_all(Path(folder), cases):
            outcomes.append(outcome)
            print(line_of(outcome), flush=True)
    tally = Tally.of(outcomes)
    print(
        f"\n{tally.cases} cases in {tally.seconds:.0f} s, {tally.wrong} ended wrongly. Hits on the forbidden server: "
        f"{tally.hits}. Files read outside the job's folder: {tally.opened}. Worker restarts: {tally.deaths}. "
        f"Largest process: {tally.memory:.0f} MB."
    )
    return 0 if tally.ok else 1


def line_of(outcome: Outcome) -> str:
    mark = "" if outcome.ok and not outcome.hits and not outcome.opened else "!! "
    traps = f" [{outcome.hits} hits, opened {outcome.opened}]" if outcome.hits or outcome.opened else ""
    title = ascii(outcome.case.title)[1:-1][:_WIDTH]
    return (
        f"{title:<{_WIDTH}} {outcome.seconds:5.2f} s {outcome.memory:5.0f} MB  {mark}{outcome.happened[:160]!s}{traps}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
