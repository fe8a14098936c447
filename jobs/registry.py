"""Registry of job types: name, workflow, metadata model, stages and their shares."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import ValidationError

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.payload import FROM_ROW, Payload, WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.text.faults import first_error
from audioprep.jobs.types.delete import DeletePayload, DeleteResult
from audioprep.jobs.types.ingest import IngestPayload, IngestResult
from audioprep.jobs.types.playlist import PlaylistPayload, PlaylistResult
from audioprep.jobs.types.preview import PreviewPayload, PreviewResult
from audioprep.jobs.types.save import SavePayload, SaveResult

MAX_METADATA_BYTES = 1_000_000  # Temporal refuses payloads over 2 MB: https://docs.temporal.io/cloud/limits
METADATA_TOO_LARGE = f"The metadata is larger than {MAX_METADATA_BYTES:,} bytes."


@dataclass(frozen=True, slots=True)
class JobLimits:
    """Timeout, attempts, and the back-off between them."""

    timeout: timedelta = timedelta(seconds=600)  # for the whole job; also how long a row may stay untouched
    max_attempts: int = 3  # tries of one step
    first_delay: timedelta = timedelta(seconds=1)  # before the second try of a step, then doubled
    last_delay: timedelta = timedelta(seconds=60)  # between two tries, at most


@dataclass(frozen=True, slots=True)
class JobType:
    """A word of the `type` column: the workflow that runs it, the model of its metadata, its stages in order.

    A mapping of stages tells the share of the job that each one is, in any unit; names alone have equal shares. Without
    stages any word is taken as the workflow says it, and its progress as that of the whole job. `task_queue` is where
    its workflow's worker waits; None is the bridge's own. `result` is the model of a complete row's result, for
    `audioprep schema`. `limits` of an installed type come before `AUDIOPREP_TIMEOUT_DEFAULT` and its like.

    Raises ValueError for shares that are negative or all 0.
    """

    name: str
    workflow: str
    payload: type[Payload]
    stages: tuple[str, ...] | Mapping[str, float] = field(default=(), hash=False)
    aliases: tuple[str, ...] = ()
    task_queue: str | None = None
    result: type[WireModel] | None = None
    limits: JobLimits | None = None

    def __post_init__(self) -> None:
        shares = self.shares.values()
        if shares and not (min(shares) >= 0 and sum(shares) > 0):
            raise ValueError(f"The shares of the stages of {self.name!r} must not be negative, nor all be 0.")

    @property
    def shares(self) -> Mapping[str, float]:
        """Each stage's share of the job, in the order of the stages."""
        return self.stages if isinstance(self.stages, Mapping) else dict.fromkeys(self.stages, 1.0)

    def parse(self, metadata: str) -> Payload:
        """The row's metadata as its model. Raises PermanentError with one sentence that names the first fault."""
        if len(metadata.encode(errors="replace")) > MAX_METADATA_BYTES:
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, METADATA_TOO_LARGE)
        try:
            return self.payload.model_validate_json(metadata, context=FROM_ROW)
        except ValidationError as error:
            sentence = f"The metadata of this {self.name} job is invalid: {first_error(error, metadata)}."
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, sentence) from None


class JobTypes:
    """The types a bridge serves, found by name or alias. Raises ValueError when two go by the same name."""

    def __init__(self, types: Iterable[JobType]) -> None:
        self._by_name: dict[str, JobType] = {}
        for kind in types:
            for name in (kind.name, *kind.aliases):
                if name in self._by_name:
                    raise ValueError(f"There are two job types called {name!r}.")
                self._by_name[name] = kind

    def __iter__(self) -> Iterator[JobType]:
        return iter(dict.fromkeys(self._by_name.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """Every word that the `type` column may have."""
        return tuple(self._by_name)

    def find(self, name: str) -> JobType:
        """Raises PermanentError when no type has this name."""
        if name not in self._by_name:
            known = ", ".join(sorted(self._by_name))
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, f"Unknown job type {name[:80]!r}: expected one of {known}.")
        return self._by_name[name]

    def stages_of(self, name: str) -> tuple[str, ...]:
        """The stages of a type in order; empty when the type is unknown."""
        return tuple(self.shares_of(name))

    def shares_of(self, name: str) -> Mapping[str, float]:
        """The stages of a type in order, each with its share of the job; empty when the type is unknown."""
        return self._by_name[name].shares if name in self._by_name else {}

    def with_more(self, types: Iterable[JobType]) -> "JobTypes":
        """These and `types`. Raises ValueError when a name is taken."""
        return JobTypes([*self, *types])

    def only(self, names: Collection[str]) -> "JobTypes":
        """The types that go by `names`, each under these names alone: an alias that is not listed is not served.

        Raises ValueError for a name that no type has.
        """
        if unknown := sorted(set(names) - set(self.names)):
            known = ", ".join(sorted(self.names))
            raise ValueError(f"There is no job type {unknown[0][:80]!r}: expected some of {known}.")
        return JobTypes(_narrowed(kind, names) for kind in self if {kind.name, *kind.aliases} & set(names))

    def without(self, names: Collection[str]) -> "JobTypes":
        """All but what goes by `names`."""
        return self.only([name for name in self.names if name not in names])


def _narrowed(kind: JobType, names: Collection[str]) -> JobType:
    """The type under some of its names."""
    name, *aliases = [name for name in (kind.name, *kind.aliases) if name in names]
    return replace(kind, name=name, aliases=tuple(aliases))


# The shares of the stages, in percent: docs/performance.md, "Shares of the progress bar", has the times behind them.
INGEST = JobType(
    name="ingest",
    workflow="AudioprepIngest",
    payload=IngestPayload,
    result=IngestResult,
    stages={Stage.QUEUED: 1, Stage.DOWNLOADING: 40, Stage.ANALYZING: 57, Stage.FINALIZING: 2},
)

PREVIEW = JobType(
    name="preview",
    workflow="AudioprepPreview",
    payload=PreviewPayload,
    result=PreviewResult,
    stages={Stage.QUEUED: 1, Stage.DOWNLOADING: 10, Stage.RENDERING: 84, Stage.UPLOADING: 5},
    aliases=("edit",),
)

SAVE = JobType(
    name="save",
    workflow="AudioprepSave",
    payload=SavePayload,
    result=SaveResult,
    stages={
        Stage.QUEUED: 1,
        Stage.DOWNLOADING: 8,
        Stage.NORMALIZING: 18,
        Stage.RENDERING: 66,
        Stage.UPLOADING: 5,
        Stage.FINALIZING: 2,
    },
)

PLAYLIST = JobType(
    name="playlist",
    workflow="AudioprepPlaylist",
    payload=PlaylistPayload,
    result=PlaylistResult,
    stages={Stage.QUEUED: 1, Stage.EXPANDING: 4, Stage.INGESTING: 95},
)

DELETE = JobType(
    name="delete",
    workflow="AudioprepDelete",
    payload=DeletePayload,
    result=DeleteResult,
    stages={Stage.QUEUED: 1, Stage.DELETING: 99},
)

JOB_TYPES = JobTypes([INGEST, PREVIEW, SAVE, PLAYLIST, DELETE])
