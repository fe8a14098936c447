"""What a deployment tells of itself is true, and what the dashboard, the alerts and the runbook ask of it is there."""

import ast
import asyncio
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from audioprep.activities.process.telemetry import ChildOutcome
from audioprep.jobs.errors import ErrorKind
from tests.conftest import TemporalServer
from tests.support.collector import SpanSeen, collector
from tests.support.observed import SECRET, Watched, watched
from tests.support.processes import ROOT
from tests.support.waiting import eventually

_TARGET_LABELS = {"job", "instance"}  # Prometheus itself adds these
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

Series = dict[str, dict[str, set[str]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, temporal_server: TemporalServer) -> Iterator[Watched]:
    """One run that all tests here look at."""
    folder = tmp_path_factory.mktemp("watched")
    with collector() as seen, watched(folder, temporal_server.address, seen) as deployed:
        asyncio.run(deployed.run_jobs())
        yield deployed


@pytest.fixture(scope="module")
def exported(run: Watched) -> Series:
    """The labels of every metric that bridge and worker export, and the values they have."""
    series: Series = {}
    for role in run.ports:
        for family in text_string_to_metric_families(_get(run.url(role, "/metrics"))):
            for sample in family.samples:
                labels = series.setdefault(sample.name, {})
                for label, value in sample.labels.items():
                    labels.setdefault(label, set()).add(value)
    return series


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback server
        return str(answer.read().decode())


def _dashboard() -> list[str]:
    panels = json.loads((ROOT / "deploy/grafana/audioprep.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_dashboard_and_alerts_use_exported_metrics_only(exported: Series) -> None:
    expressions = [*_dashboard(), *(rule["expr"] for rule in _rules())]

    faults = [fault for expression in expressions for fault in _faults(expression, exported)]

    assert len(expressions) > 20
    assert not faults, "\n".join(faults)


def _faults(expression: str, exported: Series) -> list[str]:
    """Metrics, labels and values in a PromQL expression that nothing exports."""
    selectors: list[Any] = []
    grouped: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            selectors.append(node)
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            grouped.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(expression.replace("$__rate_interval", "5m")), visit)
    faults = [f"{selector.name} in {expression}" for selector in selectors if selector.name not in exported]
    known = _TARGET_LABELS.union(*(exported.get(selector.name, {}) for selector in selectors))
    faults += [f"label {label} in {expression}" for label in grouped - known]
    vocabulary = {*ErrorKind, *ChildOutcome}
    for selector in selectors:
        for matcher in selector.matchers.matchers:
            values = exported.get(selector.name, {}).get(matcher.name, set())
            faults += [
                f"{matcher.name}={value} in {expression}"
                for value in matcher.value.split("|")
                if not values or value not in values | vocabulary
            ]
    return faults


def test_a_name_or_label_that_is_not_exported_is_found(exported: Series) -> None:
    assert _faults("audioprep_jobs_pendin", exported)
    assert _faults("sum by (kid) (audioprep_jobs_ended_total)", exported)
    assert _faults('audioprep_jobs_ended_total{outcome="fine"}', exported)
    assert _faults('audioprep_jobs_ended_total{end="failed"}', exported)


def test_the_numbers_are_those_of_the_run(run: Watched) -> None:
    values = {
        (
            sample.name,
            *(sample.labels.get(name, "") for name in ("type", "outcome", "kind", "program", "what")),
        ): sample.value
        for role in run.ports
        for family in text_string_to_metric_families(_get(run.url(role, "/metrics")))
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }

    def value(name: str, **labels: str) -> float:
        return values[(name, *(labels.get(label, "") for label in ("type", "outcome", "kind", "program", "what")))]

    assert value("audioprep_jobs_ended_total", type="ingest", outcome="complete") == 1
    assert value("audioprep_jobs_ended_total", type="ingest", outcome="failed", kind="SourceMissing") == 1
    assert value("audioprep_jobs_ended_total", type="save", outcome="failed", kind="InvalidPayload") == 1
    assert value("audioprep_claim_latency_seconds_count", type="ingest") == 2
    assert value("audioprep_sync_lag_seconds_count", what="end") == 6
    assert value("audioprep_child_runs_total", program="ffmpeg", outcome="ok") > 0
    assert value("audioprep_workers") == 1
    assert (value("audioprep_jobs_pending"), value("audioprep_jobs_in_flight")) == (0, 0)


async def test_one_trace_leads_from_the_row_to_the_child(run: Watched) -> None:
    job_id = run.jobs["ingest"]

    async def check() -> list[SpanSeen]:
        return [span for span in run.collector.spans if span.name == "ffmpeg" and _job(span) == job_id]

    (child, *_) = await eventually(check, what="a span of ffmpeg")
    way = _way_up(child, run.collector.spans)

    names = [span.name for span in way]
    assert names == [
        "ffmpeg",
        "RunActivity:audioprep.analyze",
        "StartActivity:audioprep.analyze",
        "StartWorkflow:AudioprepIngest",
        "job",
    ]
    assert {span.trace_id for span in way} == {child.trace_id}
    assert (_job(way[-1]), way[-1].service, child.service) == (job_id, "audioprep-bridge", "audioprep-worker")
    assert (child.attributes["process.exit.code"], child.attributes["audioprep.child.outcome"]) == (0, "ok")
    assert child.attributes["audioprep.child.cpu_seconds"] > 0
    assert b"one.flac" not in run.collector.raw
    assert SECRET.encode() not in run.collector.raw


def _job(span: SpanSeen) -> Any:
    return span.attributes.get("audioprep.job.id")


def _way_up(span: SpanSeen, spans: list[SpanSeen]) -> list[SpanSeen]:
    by_id = {each.span_id: each for each in spans}
    way = [span]
    while way[-1].parent_id in by_id:
        way.append(by_id[way[-1].parent_id])
    return way


def test_every_line_of_the_log_is_an_event_that_is_documented(run: Watched) -> None:
    lines = [json.loads(line) for program in run.programs for line in program.said().splitlines()]

    documented = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", _page("logs.md"), re.MULTILINE))))
    assert {line["event"] for line in lines} <= documented
    of_jobs = [line for line in lines if "job_id" in line]
    assert all(
        re.fullmatch(f"audioprep-(webhook-)?[0-9a-f]{{12}}-{line['job_id']}", line["workflow_id"]) for line in of_jobs
    )
    assert {"audioprep.fetch_source", "audioprep.analyze"} <= {line["step"] for line in lines if "step" in line}
    assert SECRET not in json.dumps(lines)


def test_the_table_of_events_is_what_the_source_says() -> None:
    rows = "".join(re.findall(r"^\| (`.*?) \|", _page("logs.md"), re.MULTILINE))

    logged = {
        event
        for room in ("audioprep", "bridge", "activities", "workflows", "jobs")
        for file in (ROOT / room).rglob("*.py")
        for event in _events(ast.parse(file.read_text()))
    }

    assert set(re.findall(r"`(\w+)`", rows)) == logged | {"library_record"}


def _events(tree: ast.AST) -> Iterator[str]:
    """First arguments of `log.something(...)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), args=[ast.Constant(value=str(event)), *_]):
                yield event


def test_every_command_of_the_runbook_runs(run: Watched) -> None:
    commands = [line for block in _SHELL.findall(_page("operations.md")) for line in block.splitlines()]
    environment = {
        **os.environ,
        **run.deployment.env,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BRIDGE": run.url("bridge"),
        "WORKER": run.url("worker"),
        "JOB": run.jobs["ingest"],
    }

    for command in dict.fromkeys(commands):
        ended = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", command],
            env=environment,
            cwd=run.deployment.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, (command, ended.stdout[-1000:], ended.stderr[-1000:])
        assert ended.stdout, command
    assert len(commands) > 20


def test_every_alert_leads_to_a_section_of_the_runbook() -> None:
    headings = re.findall(r"^#+ (.+)$", _page("operations.md"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    for rule in _rules():
        file, anchor = rule["annotations"]["runbook"].split("#")
        assert (file, anchor in anchors) == ("docs/operations.md", True), rule["alert"]


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()
