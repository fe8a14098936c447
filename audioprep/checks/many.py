"""Checks of many databases: one result for each subject, with the first databases that are not well."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from audioprep.bridge.fleet.databases import DatabaseEntry
from audioprep.bridge_options import database_source
from audioprep.checks.finding import CheckResult
from audioprep.jobs.text.redaction import scrub
from audioprep.settings import Settings

_NAMED: Final = 5  # databases of which a finding says more

CheckOne = Callable[[str, Settings], Awaitable[CheckResult]]
"""One subject, and the settings of one database."""


async def check_each(settings: Settings, subjects: Sequence[str], check: CheckOne) -> list[CheckResult]:
    """A finding about the list, and one for each subject about all databases on it."""
    try:
        entries, faults = await database_source(settings).read()
    except RuntimeError as error:
        return [CheckResult("databases", False, scrub(str(error)))]
    free = asyncio.Semaphore(settings.bridge.database_calls)

    async def one(entry: DatabaseEntry) -> dict[str, CheckResult]:
        chosen = settings.for_database(entry.url, entry.token, entry.prefix)
        async with free:
            return {subject: await check(subject, chosen) for subject in subjects}

    found = await asyncio.gather(*(one(entry) for entry in entries))
    names = [entry.name for entry in entries]
    by_subject = ({name: each[subject] for name, each in zip(names, found, strict=True)} for subject in subjects)
    return [_of_list(len(entries), faults), *(_together(each) for each in by_subject if each)]


def _of_list(count: int, faults: Sequence[str]) -> CheckResult:
    says = "; ".join([f"{count:,} are listed", *_bounded(faults)])
    return CheckResult("databases", True, says, warning=bool(faults) or not count)


def _together(found: Mapping[str, CheckResult]) -> CheckResult:
    """One finding for a subject; failures are named before warnings."""
    failed = {name: result for name, result in found.items() if not result.ok}
    warned = {name: result for name, result in found.items() if result.warning}
    well = len(found) - len(failed) - len(warned)
    about = [f"{name}: {result.says}" for name, result in (failed | warned).items()]
    says = "; ".join([f"{well:,} of {len(found):,} databases are well", *_bounded(about)])
    return CheckResult(next(iter(found.values())).subject, not failed, says, warning=bool(warned) and not failed)


def _bounded(sentences: Sequence[str]) -> list[str]:
    more = len(sentences) - _NAMED
    return [*sentences[:_NAMED], *([f"and {more:,} more"] if more > 0 else [])]
