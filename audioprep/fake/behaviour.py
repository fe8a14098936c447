"""Behaviours of the fake bridge, by the words that scripts use. Pure."""

from enum import StrEnum


class Behaviour(StrEnum):
    """What the fake makes of a job."""

    FAST = "fast"  # complete, in less than a second
    SLOW = "slow"  # complete, with time to watch it
    FAILS = "fails"  # failed, with a kind of error
    BOT_CHECK = "bot-check"  # failed, as a site refuses a data centre
    NEVER_ACKNOWLEDGES = "never-acknowledges"  # runs until it is cancelled, and the cancel is never acknowledged
