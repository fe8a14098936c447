"""Breakers in the database: refusals counted, sources paused, one row claimed to try, and what follows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libsql_client import Client, InStatement
from libsql_client.client import InValue

from audioprep.bridge.store.queries import BREAKER, for_types
from audioprep.bridge.store.queue.circuit import REFUSALS, BreakerRules, Circuit
from audioprep.bridge.store.queue.pauses import AUTOMATIC, source_scope
from audioprep.bridge.store.rows import number_of, readable_jobs, shown, text_of
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import from_text, to_text

_SCANNED: Final = 1_000  # rows read to count refusals, or to find one of a source, of each type
_REFUSAL: Final = ("bad_id", "not_text", "max_bytes", "too_large")  # arguments of why a row can never become a job
_KINDS: Final = f",{','.join(sorted(REFUSALS))},"


class BreakerTable:
    """Every write is guarded: of two bridges one wins. `claiming` are arguments of a claim. Raises DatabaseError."""

    def __init__(self, client: Client, rules: BreakerRules, claiming: dict[str, InValue]) -> None:
        self._client = client
        self._rules = rules
        self._claiming = claiming

    async def is_refused(self, source: str, now: datetime) -> bool:
        """Whether a site has refused as many rows of the source as pause it."""
        arguments: dict[str, InValue] = {
            "source": source,
            "scope": source_scope(source),
            "since": to_text(now - self._rules.window),
            "kinds": _KINDS,
            "scanned": _SCANNED,
            "enough": self._rules.refusals,
        }
        (row,) = (await self._client.execute(BREAKER["count_refusals"], arguments)).rows
        return number_of(row[0]) >= self._rules.refusals

    async def open(self, source: str, now: datetime) -> datetime | None:
        """Pause the source. Returns until when; None where it is paused already."""
        rules, scope, until = self._rules, source_scope(source), now + self._rules.pause
        reason = f"the site refused {rules.refusals} jobs within {rules.window.total_seconds():.0f} s"
        pause: InStatement = (
            BREAKER["open"],
            {"scope": scope, "until": to_text(until), "reason": reason, "made_by": AUTOMATIC, "now": to_text(now)},
        )
        opened, _ = await self._client.batch([pause, (BREAKER["opened"], {"scope": scope})])
        return until if opened.rows_affected else None

    async def read(self, source: str) -> Circuit | None:
        """None where no breaker has paused the source."""
        rows = (await self._client.execute(BREAKER["state"], {"scope": source_scope(source)})).rows
        if not rows:
            return None
        until, made, trial, status, kind = rows[0].astuple()
        return Circuit(
            made=from_text(shown(made)),
            until=from_text(shown(until)),
            trial=text_of(trial) or "",
            status=text_of(status),
            kind=text_of(kind),
        )

    async def try_one(self, source: str, types: Sequence[str], now: datetime) -> Job | None:
        """Claim the oldest row of the source. None where none of these types waits, or another bridge was first."""
        statement, named = for_types(BREAKER["candidate"], types)
        refusal = {name: self._claiming[name] for name in _REFUSAL}
        found = await self._client.execute(statement, {"source": source, "scanned": _SCANNED, **refusal, **named})
        if not found.rows:
            return None
        scope, job_id = source_scope(source), shown(found.rows[0][0])
        trial: dict[str, InValue] = {"scope": scope, "job_id": job_id, "now": to_text(now)}
        note: InStatement = (BREAKER["note_trial"], {**trial, "made_by": AUTOMATIC})
        claimed, _ = await self._client.batch([(BREAKER["claim_trial"], {**self._claiming, **trial}), note])
        jobs = [job for job in readable_jobs(claimed) if job.status is JobStatus.PROCESSING]
        return jobs[0] if jobs else None

    async def renew(self, source: str, circuit: Circuit, now: datetime) -> datetime | None:
        """Pause the source again, for longer. None when another bridge has settled the trial."""
        until = now + self._rules.next_pause(circuit.until - circuit.made)
        won = await self._settle("renew", source, circuit, now, until=to_text(until))
        return until if won else None

    async def lift(self, source: str, circuit: Circuit, now: datetime) -> bool:
        """End the pause: refusals from before no longer count."""
        return await self._settle("lift", source, circuit, now)

    async def pass_on(self, source: str, circuit: Circuit, now: datetime) -> None:
        """Let another row try."""
        await self._client.execute(*_end(source, circuit, now, forgiven=0))

    async def _settle(self, query: str, source: str, circuit: Circuit, now: datetime, **more: InValue) -> bool:
        trial: dict[str, InValue] = {"scope": source_scope(source), "job_id": circuit.trial}
        end = _end(source, circuit, now, forgiven=int(query == "lift"))
        arguments = {**trial, **more, **({"now": to_text(now)} if more else {})}
        settled, _ = await self._client.batch([(BREAKER[query], arguments), end])
        return settled.rows_affected > 0


def _end(source: str, circuit: Circuit, now: datetime, *, forgiven: int) -> tuple[str, dict[str, InValue]]:
    """The trial is settled; `forgiven`: refusals from before do not count any more."""
    scope = source_scope(source)
    return BREAKER["end_trial"], {"scope": scope, "job_id": circuit.trial, "now": to_text(now), "forgiven": forgiven}
