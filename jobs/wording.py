"""Words, lists and lengths as people read them, in Markdown. Pure."""

from collections.abc import Mapping
from typing import Final

_MAX_CODE: Final = 200  # characters of a name or URL
_MINUTE: Final = 60  # seconds


def as_list(facts: Mapping[str, str]) -> str:
    """A Markdown list, one line a fact."""
    return "\n".join(f"- **{name}**: {value}" for name, value in facts.items())


def code(text: str) -> str:
    """A stranger's text as it is: not a word of it is taken for Markdown."""
    line = " ".join(text.replace("`", "'").split())
    return f"`{line[:_MAX_CODE]}`"


def codes(*texts: str) -> str:
    return ", ".join(map(code, texts))


def clock(seconds: float) -> str:
    """A length as players show it, `3:12`, or `4.2 s` when it is under a minute."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
