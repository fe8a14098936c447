"""Lists for people: what they hold, and how few rows they read."""

from datetime import UTC, datetime, timedelta

from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.listing import MAX_SCANNED, JobFilter, JobLists
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

START = datetime(2026, 1, 31, tzinfo=UTC)
ROWS = 2_000  # one a minute; every hundredth failed, every fifth of those a save

FUTURE = 1  # read to find that no row is from the future
FILTERS = {
    "all": (JobFilter(), 20, 20),
    "failed": (JobFilter(JobStatus.FAILED), 20, 20),
    "none of them": (JobFilter(JobStatus.PROCESSING), 0, 1),
    "since": (JobFilter(since=START + timedelta(minutes=ROWS - 5)), 5, 6),
    "failed since": (JobFilter(JobStatus.FAILED, since=START + timedelta(minutes=ROWS - 301)), 3, 4),
    "a rare type": (JobFilter(type="save"), 2, MAX_SCANNED),
    "a common type": (JobFilter(type="ingest"), 20, 21),
    "failed saves": (JobFilter(JobStatus.FAILED, "save"), 4, 21),
}


async def filled(database: PipelineClient) -> None:
    await JobStore(database).migrate()
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS - 1})"
    await database.execute(
        f"{numbers} INSERT INTO audio_prep_jobs (jobId, type, status, createdAt, updatedAt) SELECT"
        " printf('job-%04d', i), iif(i % 500 = 0, 'save', 'ingest'), iif(i % 100 = 0, 'failed', 'complete'), t, t FROM"
        " (SELECT i, strftime('%Y-%m-%dT%H:%M:%fZ', ?, printf('+%d minutes', i)) AS t FROM n)",
        [to_text(START)],
    )


async def test_a_filter_finds_the_newest_that_fit_and_reads_few_rows(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        await filled(database)
        lists = JobLists(database)

        for name, (wanted, count, most_read) in FILTERS.items():
            before = database.rows.read
            found = await lists.newest(20, wanted)

            read = database.rows.read - before
            assert len(found) == count, name
            assert read <= most_read + FUTURE, f"{name} read {read} rows"
            assert [job.created_at for job in found] == sorted((job.created_at for job in found), reverse=True), name
            assert all(wanted.status in (None, job.status) for job in found), name
            assert all(wanted.type in (None, job.type) for job in found), name


async def test_rows_from_the_future_come_after_the_newest(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        await filled(database)
        await database.execute(
            "UPDATE audio_prep_jobs SET createdAt = '2036-01-01T00:00:00.000Z' WHERE jobId = 'job-0007'"
        )
        await database.execute("UPDATE audio_prep_jobs SET createdAt = x'00ff' WHERE jobId = 'job-0008'")
        lists = JobLists(database)

        newest, last = await lists.newest(3), (await lists.newest(ROWS))[-2:]

        assert [job.job_id for job in newest] == ["job-1999", "job-1998", "job-1997"]
        assert [job.job_id for job in last] == ["job-0008", "job-0007"]


async def test_all_that_wait_are_cancelled_but_not_who_came_later(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        await filled(database)
        await database.execute("UPDATE audio_prep_jobs SET status = 'pending' WHERE jobId >= 'job-1990'")
        lists, before = JobLists(database), database.rows.read
        shown = (await JobStore(database).pending(6))[-1]

        cancelled = await JobStore(database).cancel_pending(shown, START)

        assert sorted(cancelled) == [f"job-{number}" for number in range(1990, 1996)]
        assert [job.job_id for job in await lists.unfinished(9)] == [f"job-{number}" for number in range(1996, 2000)]
        assert database.rows.read - before < 80


async def test_many_rows_are_one_request_in_the_order_asked(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        await filled(database)

        found = await JobLists(database).get_all(["job-0003", "nobody", "job-0001"])

        assert [job.job_id for job in found] == ["job-0003", "job-0001"]
