"""Silence at both ends of a recording: a proposal for the first and last clip of a recipe, never a cut."""

from pydantic import Field

from audioprep.jobs.payload import WireModel


class SilentEnd(WireModel):
    """A stretch at one end, in seconds of the recording, and its level: absent for digital silence."""

    start_time: float = Field(ge=0)
    end_time: float = Field(ge=0)
    level: float | None = Field(default=None, description="dBFS of its highest sample, of any channel")


class SilentEnds(WireModel):
    """`silence` of `metadata.json`. An end without silence is absent."""

    threshold: float = Field(description="dBFS below which the recording counts as silent")
    start: SilentEnd | None = None
    end: SilentEnd | None = None
