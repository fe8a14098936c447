"""Ids of workflows and assets: no row can take those of another job or of its parts."""

import itertools

from audioprep.jobs.keys import asset_id_for
from audioprep.jobs.request import MAX_JOB_ID, JobRequest, is_job_id, job_id_of

TABLE = "0123456789ab"
_MAX_TEMPORAL = 1000  # bytes: https://docs.temporal.io/cloud/limits


def test_no_row_has_the_id_of_anothers_part() -> None:
    jobs = ["v", "v/1", "v%2F1", "v%252F1", "v/1/1", "../v", "V/1", f"{TABLE}-v", "v/", "/v"]
    requests = [
        JobRequest[None](job_id=job, table_id=table, type="ingest", payload=None, part=part)
        for job, table, part in itertools.product(jobs, (TABLE, "ba9876543210"), ("", "1", "2"))
    ]

    workflows = {request.workflow_id for request in requests}
    assets = {asset_id_for(request.job_id, request.table_id, request.part) for request in requests}

    assert len(workflows) == len(assets) == len(requests)
    assert {job_id_of(request.workflow_id) for request in requests if not request.part} == set(jobs)


def test_every_id_that_a_row_may_have_fits_temporal() -> None:
    for char in ("a", "/", "%", "\U0001f600"):
        assert is_job_id(char * MAX_JOB_ID)
        request = JobRequest[None](job_id=char * MAX_JOB_ID, table_id=TABLE, type="ingest", payload=None, part="50")
        assert len(request.workflow_id.encode()) <= _MAX_TEMPORAL
