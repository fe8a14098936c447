"""The contract through the Python client; `clients/typescript/test/contract.test.ts` has it through the other one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from audioprep_client import Audioprep, Job, JobExists, JobNotFound, build_recipe, keys

SOURCE = {"sourceType": "audio_file", "storageKey": "uploads/tone.wav", "originalFilename": "A tone.wav"}
ELSEWHERE = "0b3b8a4e-6a1c-4f0e-9a51-0d0f6a2f9f11"
_STAGES = ["queued", "downloading", "analyzing", "finalizing"]


def run_contract(connect: Callable[[], Any]) -> dict[str, Any]:
    """Use the client on a database that some bridge serves; what it saw, in a form in which bridges are to be equal."""
    connection = connect()
    try:
        return _Contract(Audioprep(connection)).run()
    finally:
        connection.close()


class _Contract:
    def __init__(self, jobs: Audioprep) -> None:
        self._jobs = jobs
        self._asset = ""

    def run(self) -> dict[str, Any]:
        trace = {"ingest": self._ingest(), "renders": self._renders(), "faults": self._faults()}
        trace["cancelled"] = self._cancel_waiting()
        trace["cancelled running"] = self._cancel_running()
        self._latest_wins()
        self._absent()
        self._queue()
        return trace

    def _ingest(self) -> dict[str, Any]:
        job_id = self._jobs.create_job("ingest", SOURCE)  # type: ignore[arg-type]
        seen = list(self._jobs.watch_job(job_id, first=0.03, longest=0.3, timeout=90))
        passed = [job.stage for job in seen if job.stage]
        job = seen[-1]
        assert [job.progress for job in seen] == sorted(job.progress for job in seen)
        assert passed == sorted(passed, key=_STAGES.index)
        assert job.status == "complete", job
        result = job.result
        self._asset = result["assetId"]
        assert (result["originalKey"], result["peaksKey"]) == (
            keys.original(self._asset, "wav"),
            keys.peaks(self._asset),
        )
        values = {**result["metadata"], "contentType": result["contentType"], "bytes": result["bytes"]}
        return {**self._outcome(job), "values": values}

    def _recipe(self, **options: Any) -> Any:
        clips = [{"startTime": 0, "endTime": 2, "fadeIn": 0.5, "volume": 0.8}]
        return build_recipe(self._asset, clips, normalize=True, **options)  # type: ignore[arg-type]

    def _renders(self) -> list[dict[str, Any]]:
        aac = self._recipe(outputFormat="aac", outputSampleRate=48_000)
        ids = [self._jobs.create_job("preview", {"recipe": self._recipe()})]
        ids += [self._jobs.create_job("save", {"recipe": aac})]
        preview, save = (self._ended(job_id) for job_id in ids)
        assert preview.result["previewKey"].startswith(f"assets/{self._asset}/preview_")
        assert save.result == {"assetId": self._asset, "preparedKey": keys.prepared(self._asset, "aac")}
        outputs: Any = [{"format": "mp3"}, {"format": "flac", "bitDepth": 24}]
        several = self._ended(self._jobs.create_job("save", {"recipe": self._recipe(outputs=outputs)}))
        made = [(file["key"], file["format"], file["bytes"] > 0) for file in several.result["outputs"]]
        assert made == [(keys.prepared(self._asset, form), form, True) for form in ("mp3", "flac")]
        return [self._outcome(preview), self._outcome(save)]

    def _faults(self) -> list[dict[str, Any]]:
        beyond = self._recipe()
        beyond["clips"][0]["endTime"] = 60
        nowhere = build_recipe(ELSEWHERE, [{"startTime": 0, "endTime": 1}])
        missing: Any = {**SOURCE, "storageKey": "uploads/nothing.wav"}
        odd: Any = {"sourceType": "url"}
        ids = [self._jobs.create_job("ingest", missing), self._jobs.create_job("save", {"recipe": beyond})]
        ids += [self._jobs.create_job("preview", {"recipe": nowhere}), self._jobs.create_job("ingest", odd)]
        seen = [self._outcome(self._ended(job_id)) for job_id in ids]
        assert [outcome["failure"]["kind"] for outcome in seen] == ["SourceMissing", "InvalidPayload"] * 2
        return [{name: outcome[name] for name in ("status", "result", "failure", "error")} for outcome in seen]

    def _cancel_waiting(self) -> dict[str, Any]:
        job_id = self._jobs.create_job("save", {"recipe": self._recipe()})
        assert [self._jobs.cancel_job(job_id), self._jobs.cancel_job(job_id)] == [True, False]
        assert self._jobs.acknowledged(job_id, timeout=90)
        again = self._jobs.retry_job(job_id)
        assert again is not None
        assert self._ended(again).status == "complete"
        assert self._jobs.retry_job(again) is None
        return self._outcome(self._jobs.get_job(job_id))

    def _cancel_running(self) -> dict[str, Any]:
        for _ in range(20):
            job_id = self._jobs.create_job("ingest", SOURCE)  # type: ignore[arg-type]
            next(job for job in self._jobs.watch_job(job_id, first=0.005, longest=0.005) if job.status != "pending")
            if self._jobs.cancel_job(job_id):
                assert self._jobs.acknowledged(job_id, timeout=90)
                return self._outcome(self._jobs.get_job(job_id))
        raise AssertionError("every job had ended before it could be cancelled")

    def _latest_wins(self) -> None:
        ids = []
        for end in (1, 1.5, 2):
            recipe = self._recipe()
            recipe["clips"][0]["endTime"] = end
            metadata: Any = {"recipe": recipe, "supersedes": "drag", "tenant": "two"}
            ids.append(self._jobs.create_job("preview", metadata))
        ended = [self._ended(job_id) for job_id in ids]
        assert ended[-1].status == "complete"
        assert all(job.status == "complete" or (job.failure or {}).get("kind") == "Superseded" for job in ended)
        unique: Any = {"recipe": self._recipe(), "uniqueKey": f"save {self._asset}", "tenant": "two"}
        first = self._jobs.create_job("save", unique)
        with pytest.raises(JobExists):
            self._jobs.create_job("save", unique)
        assert self._ended(first).status == "complete"
        sentences = {job.error for job in ended if job.status == "cancelled"}
        assert sentences <= {"A newer request took the place of this one."}

    def _absent(self) -> None:
        assert self._jobs.get_job("nobody") is None
        assert self._jobs.queue_place("nobody") is None
        assert not self._jobs.cancel_job("nobody")
        try:
            self._jobs.wait_for_job("nobody")
        except JobNotFound:
            return
        raise AssertionError("there is a job called nobody")

    def _queue(self) -> None:
        ids = [self._jobs.create_job("ingest", SOURCE) for _ in range(5)]  # type: ignore[arg-type]
        place = self._jobs.queue_place(ids[-1])
        assert place is not None
        assert place.ahead >= 0
        assert place.seconds is not None
        assert [self._ended(job_id).status for job_id in ids] == ["complete"] * 5

    def _ended(self, job_id: str) -> Job:
        return self._jobs.wait_for_job(job_id, first=0.03, longest=0.3, timeout=90)

    def _outcome(self, job: Job | None) -> dict[str, Any]:
        assert job is not None
        error = job.error.replace(self._asset or "-", "ASSET") if job.error is not None else None
        fields = {"status": job.status, "stage": job.stage, "progress": job.progress, "failure": job.failure}
        return {**fields, "result": _shape(job.result), "error": error}


def _shape(value: Any) -> Any:
    """Values by their form in JSON: keys and ids differ between bridges."""
    match value:
        case dict():
            return {name: _shape(value[name]) for name in sorted(value)}
        case list():
            return [_shape(part) for part in value]
        case None:
            return None
        case str():
            return "string"
        case bool():
            return "boolean"
    json.dumps(value)
    return "number"
