"""In-flight limit: jobs claimed and not final, over all tables of a bridge; free slots are dealt out in turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlotCount:
    """Jobs of one table that use a slot, and those that download: these use none, and have a bound of their own."""

    used: int = 0
    downloading: int = 0


class Slots:
    """The limit for all tables. Those whose rows wait stand in a queue, the one served longest ago first."""

    def __init__(self, slots: int, downloads: int) -> None:
        self._slots = slots
        self._downloads = downloads
        self._tables = 0
        self._active: set[SlotShare] = set()  # those that may have jobs: of thousands of tables most have none
        self._hungry: dict[SlotShare, None] = {}  # in the order in which they are served

    def share(self, wake: Callable[[], None]) -> "SlotShare":
        """A table's part; `wake` is called when there may be a slot for it."""
        share = SlotShare(self, wake)
        self._tables += 1
        return share

    def remove(self, share: "SlotShare") -> None:
        self._tables -= 1
        self._active.discard(share)
        self._hungry.pop(share, None)
        self.wake_next()

    @property
    def is_shared(self) -> bool:
        return self._tables > 1

    @property
    def free(self) -> int:
        """Slots that no job uses, and that no claim under way has been granted."""
        used = downloading = 0
        for share in list(self._active):
            count = share.count()
            used += count.used + share.granted
            downloading += count.downloading
            if not (count.used or count.downloading or share.granted):
                self._active.discard(share)
        return max(min(self._slots - used, self._slots + self._downloads - used - downloading), 0)

    def activate(self, share: "SlotShare") -> None:
        """The table may have jobs from now on."""
        self._active.add(share)

    @property
    def hungry(self) -> "list[SlotShare]":
        """The tables whose rows wait."""
        return list(self._hungry)

    def grant(self, share: "SlotShare", most: int) -> int:
        """Slots for a claim: one is left for each table before this one, an equal part for those behind."""
        waiting = self._in_turn([share])
        free = self.free
        return max(min(most, free - waiting.index(share), max(free // len(waiting), 1)), 0)

    def note(self, share: "SlotShare", *, hungry: bool, served: bool) -> None:
        """What a poll has found: whether rows are left that wait for a slot, and whether some were claimed."""
        if served or not hungry:
            self._hungry.pop(share, None)
        if hungry:
            self._hungry.setdefault(share)

    def wake_next(self) -> None:
        """Let the tables that come next look for their rows, one for each free slot."""
        if self._hungry:
            for share in self._in_turn()[: self.free]:
                share.wake()

    def _in_turn(self, more: "Sequence[SlotShare]" = ()) -> "list[SlotShare]":
        """Tables with the fewest jobs in slots go first, and of these the one served longest ago."""
        return sorted({**self._hungry, **dict.fromkeys(more)}, key=lambda share: share.count().used)


class SlotShare:
    """One table's part of the limit."""

    def __init__(self, slots: Slots, wake: Callable[[], None]) -> None:
        self._slots = slots
        self.wake = wake
        self.count: Callable[[], SlotCount] = SlotCount
        self.granted = 0  # to a claim under way

    @property
    def free(self) -> int:
        return self._slots.free

    @property
    def is_shared(self) -> bool:
        return self._slots.is_shared

    def take(self, most: int) -> int:
        """Slots for the claim that follows, until `settle`."""
        self.granted = self._slots.grant(self, most)
        self.activate()
        return self.granted

    def activate(self) -> None:
        self._slots.activate(self)

    def settle(self, *, hungry: bool, served: bool) -> None:
        """The claim is over: what it brought is counted as jobs from now on."""
        self.granted = 0
        self._slots.note(self, hungry=hungry, served=served)
        if self.is_shared:
            self._slots.wake_next()

    def give_back(self) -> None:
        """What was granted is not needed, or in use by a job that counts."""
        self.granted = 0

    def freed(self) -> None:
        """A slot of this table became free."""
        if self.is_shared:
            self._slots.wake_next()
        else:
            self.wake()

    def remove(self) -> None:
        self._slots.remove(self)
