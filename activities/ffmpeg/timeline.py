"""Timestamps of a decode: gaps, jumps and changes of form, found by a filter and read from ffmpeg's log.

A filter writes every irregular timestamp to stderr while it decodes, so that nothing has to be decoded for it alone.
"""

import re
from dataclasses import dataclass, field
from typing import Final

GAP: Final = 0.1  # seconds by which timestamps may leave the samples before silence is due; jitter of recorders is less
_FILLED: Final = 0.04  # seconds of a gap in a source that has longer ones: packets that were lost add up
_EXACT: Final = 0.002  # seconds within which a clock is that of the samples; Matroska and FLV round to 0.001
_DRIFT: Final = 0.0005  # of the time, by which a sound card's clock may differ: followed, never filled
MAX_GAP: Final = 120.0  # seconds of silence that are filled in at once: it is held in memory
_MAX_FORMS: Final = 64
_MAX_ERRORS: Final = 20
_INEXACT: Final = 0.5  # what the filter reports for a clock that is not exact: no gap is half a sample


# asetpts (https://ffmpeg.org/ffmpeg-filters.html#setpts_002c-asetpts), evaluated for each frame. Variables:
# 1 timestamp at which the samples began, 2 samples of silence due so far, 4 what the timestamp is off by, 5 whether an
# inexact clock was reported, 6 the first timestamp, 7 what to report. A report waits for the next frame: the filter is
# evaluated once more after the last one, with a time that means nothing.
def _clock(gap: float) -> str:
    return (
        "if(ld(7),print(ld(7))*0+st(7,0));"
        "st(4,if(isnan(PTS)+not(N),0,PTS-ld(1)-NB_CONSUMED_SAMPLES-ld(2)));"
        "if(not(N),st(1,if(isnan(PTS),0,PTS));st(6,ld(1)));"
        f"if(gt(ld(4),{MAX_GAP}*SR),st(1,ld(1)+st(7,ld(4))),"
        f"if(gt(ld(4),{gap}*SR),st(2,ld(2)+st(7,ld(4))),"
        f"if(lt(ld(4),-{GAP}*SR),st(1,ld(1)+st(7,ld(4))),"
        f"if(gt(abs(ld(4)),{_EXACT}*SR)*not(ld(5)),st(5,1)+st(7,{_INEXACT}));"
        f"st(1,ld(1)+clip(ld(4),-{_DRIFT}*S,{_DRIFT}*S)))));"
        "ld(6)+NB_CONSUMED_SAMPLES+ld(2)"
    )


WATCH: Final = f"asetpts='{_clock(GAP)}'"
# Gaps become silence; a timestamp that goes back, or on by more than MAX_GAP, moves the clock and drops no sample.
FILL: Final = f"asetpts='{_clock(_FILLED)}',aresample=async=1:min_comp=0.01:min_hard_comp=0.01"
LOG_LEVEL: Final = ("-nostats", "-loglevel", "level+verbose")

_FORM: Final = re.compile(
    r"\[graph_[^\]]{1,40}\] \[verbose\] tb:\S{1,40} samplefmt:\S+ samplerate:([0-9]{1,9}) chlayout:(.{1,200})"
)
_REPORT: Final = re.compile(r"\[info\] (-?[0-9]{1,18}\.[0-9]{6})")
_ERROR: Final = re.compile(r"(?:\[[^\]]{1,80}\] )?\[(?:error|fatal|panic)\] ")


@dataclass(frozen=True, slots=True)
class Form:
    """Sample rate in hertz and channel layout of decoded frames."""

    sample_rate: int
    layout: str


@dataclass(slots=True)
class Timeline:
    """What ffmpeg reported of one decode."""

    forms: list[Form] = field(default_factory=list)
    changes: int = 0  # of the form, in the middle
    jumps: int = 0  # timestamps that leave the samples by more than GAP
    restarts: int = 0  # of them, those that go back
    longest_gap: float = 0.0  # seconds
    exact: bool = True  # no timestamp leaves the samples by more than 0.002 s
    errors: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take in one line of stderr."""
        if found := _REPORT.fullmatch(line):
            self._report(float(found[1]))
        elif found := _FORM.fullmatch(line):
            self._begin(Form(int(found[1]), found[2].strip()))
        elif _ERROR.match(line) and len(self.errors) < _MAX_ERRORS:
            self.errors.append(line)

    def _begin(self, form: Form) -> None:
        if self.forms:
            self.changes += 1
        if form not in self.forms and len(self.forms) < _MAX_FORMS:
            self.forms.append(form)

    def _report(self, samples: float) -> None:
        self.exact = False
        if samples == _INEXACT or not self.forms:
            return
        self.jumps += 1
        self.restarts += samples < 0
        self.longest_gap = max(self.longest_gap, samples / self.forms[-1].sample_rate)
