"""Every reachable state of one job, two bridges and everything around them, explored with the real `decide`.

Bridges may crash between any two steps and act on whatever they saw last. The app may cancel; an operator may cancel
or terminate the workflow; another program may claim the row and finish it or die; Temporal may forget a closed
workflow after its retention; a step may be tried again from its beginning; a newer row may supersede this one.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from audioprep.bridge import actions
from audioprep.bridge.decide import DecideOptions, decide
from audioprep.bridge.views import Cancelled, Completed, Failed, Missing, Running, WorkflowView
from audioprep.jobs.job import Job
from audioprep.jobs.progress import whole_progress
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
FRESH, STALE = to_text(NOW - timedelta(seconds=5)), to_text(NOW - timedelta(days=1))
RULES = DecideOptions(types=JOB_TYPES)
STAGES = JOB_TYPES.stages_of("ingest")
# What a workflow says, in this order: as little as the other promises need, and what a bar could fall by.
SHORT_WAY = (Running(), Running("downloading"))
LONG_WAY = (Running(), Running("downloading"), Running("downloading", 60), Running("analyzing"))


@dataclass(frozen=True, slots=True)
class Row:
    status: str = "pending"
    stage: str | None = None
    progress: float = 0.0
    stale: bool = False
    ours: bool = True  # False once another program claimed it
    reason: str = ""  # why it was cancelled


@dataclass(frozen=True, slots=True)
class Workflow:
    """`state`: missing, running, completed, failed or cancelled. `runs` counts starts that could do work."""

    state: str = "missing"
    said: int = 0  # how far it got on its way
    cancel_requested: bool = False
    taken: bool = False  # started already cancelled: it never runs a step
    runs: int = 0

    @property
    def works(self) -> bool:
        return self.state == "running" and not self.taken


@dataclass(frozen=True, slots=True)
class Bridge:
    """What a bridge remembers between two steps; `current` tells whether the row is still the one it read."""

    row: Row | None = None
    current: bool = True
    seen: WorkflowView | None = None
    claimed: bool = False  # whether the row came by its own claim


@dataclass(frozen=True, slots=True)
class World:
    """`calm`: a workflow goes a long way and tries steps again, while nothing comes from outside."""

    row: Row = Row()
    workflow: Workflow = Workflow()
    bridges: tuple[Bridge, Bridge] = (Bridge(), Bridge())
    calm: bool = False

    @property
    def way(self) -> tuple[Running, ...]:
        return LONG_WAY if self.calm else SHORT_WAY

    def with_row(self, row: Row) -> "World":
        """A write: whoever read the row before has an old one now."""
        bridges = tuple(replace(bridge, current=False) if bridge.row else bridge for bridge in self.bridges)
        return replace(self, row=replace(row, stale=False), bridges=bridges)

    def with_bridge(self, index: int, bridge: Bridge) -> "World":
        bridges = list(self.bridges)
        bridges[index] = bridge
        return replace(self, bridges=(bridges[0], bridges[1]))


@cache
def decision(row: Row, seen: WorkflowView, claimed: bool) -> actions.Action:
    updated = STALE if row.stale else FRESH
    job = Job("j", "ingest", JobStatus(row.status), row.progress, row.stage, "{}", None, None, 0, updated, updated)
    return decide(job, seen, NOW, RULES, claimed=claimed)


def view(world: World) -> WorkflowView:
    match world.workflow.state:
        case "missing":
            return Missing()
        case "running":
            return world.way[world.workflow.said]
        case "completed":
            return Completed("{}")
        case "failed":
            return Failed("why", "kind")
        case _:
            return Cancelled()


def apply(world: World, bridge: Bridge, action: actions.Action) -> World:
    """What the store's guards and Temporal's id policy make of an action."""
    row, workflow = world.row, world.workflow
    processing = row.status == "processing"
    match action:
        case actions.Start() if workflow.state == "missing":
            return replace(world, workflow=Workflow("running", runs=workflow.runs + 1))
        case actions.ReserveId() if workflow.state == "missing":
            return replace(world, workflow=Workflow("running", taken=True, runs=workflow.runs))
        case actions.CancelWorkflow() if workflow.state == "running":
            return replace(world, workflow=replace(workflow, cancel_requested=True))
        case actions.WriteProgress(stage=stage, progress=progress) if processing and bridge.current:
            return world.with_row(replace(row, stage=stage, progress=progress))
        case actions.Complete(stage=stage) if processing:
            return world.with_row(replace(row, status="complete", stage=stage, progress=100.0))
        case actions.Fail() if processing:
            return world.with_row(replace(row, status="failed"))
        case actions.Reap() if processing and bridge.current:
            return world.with_row(replace(row, status="failed"))
        case actions.RecordCancel() if processing:
            return world.with_row(replace(row, status="cancelled", stage=None, progress=0.0))
        case actions.AcknowledgeCancel() if row.status == "cancelled" and row.stage is not None:
            return world.with_row(replace(row, stage=None, progress=0.0))
        case _:
            return world  # nothing to do, or the guard says no


Apply = Callable[[World, Bridge, actions.Action], World]


def bridge_steps(world: World, apply: Apply = apply) -> Iterator[World]:
    for index, bridge in enumerate(world.bridges):
        if bridge.row is None:
            if world.row.status == "pending":
                claimed = world.with_row(Row("processing", "queued"))
                # Nobody asks for the workflow of a row just claimed: it is taken to have none.
                yield claimed.with_bridge(index, Bridge(claimed.row, seen=Missing(), claimed=True))
            else:
                yield world.with_bridge(index, Bridge(world.row))
            continue
        yield world.with_bridge(index, Bridge())  # a crash
        if bridge.seen is None:
            yield world.with_bridge(index, replace(bridge, seen=view(world)))
        else:
            done = world.with_bridge(index, Bridge())
            yield apply(done, bridge, decision(bridge.row, bridge.seen, bridge.claimed))


def workflow_steps(world: World) -> Iterator[World]:
    workflow = world.workflow
    if workflow.state != "running":
        return
    if workflow.taken or workflow.cancel_requested:
        yield replace(world, workflow=replace(workflow, state="cancelled"))
    if workflow.works:
        if workflow.said < len(world.way) - 1:
            yield replace(world, workflow=replace(workflow, said=workflow.said + 1))
        yield replace(world, workflow=replace(workflow, state="completed"))
        yield replace(world, workflow=replace(workflow, state="failed"))
        if world.calm and workflow.said > 1:
            yield replace(world, workflow=replace(workflow, said=1))  # a step is tried again


def outside_steps(world: World) -> Iterator[World]:
    """The app, the operator, another program, and time."""
    row, workflow = world.row, world.workflow
    if world.calm:
        return
    if row.status in ("pending", "processing"):
        yield world.with_row(replace(row, status="cancelled"))
        yield world.with_row(replace(row, status="cancelled", reason="superseded"))
    if workflow.state == "running" and not workflow.taken:
        yield replace(world, workflow=replace(workflow, cancel_requested=True))
        yield replace(world, workflow=replace(workflow, state="failed"))  # terminated
    if row.status == "pending":
        yield world.with_row(Row("processing", "downloading", ours=False))
    if row.status == "processing" and not row.ours:
        yield world.with_row(replace(row, status="complete"))
        yield world.with_row(replace(row, status="failed"))
    if row.status == "processing" and not row.stale:
        yield replace(world, row=replace(row, stale=True), bridges=world.bridges)
    # Retention is counted in days, one look in seconds: no look spans it.
    idle = all(bridge.row is None for bridge in world.bridges)
    if idle and workflow.state in ("completed", "failed", "cancelled") and row.status != "pending":
        yield replace(world, workflow=Workflow())


def successors(world: World, apply: Apply) -> Iterator[World]:
    yield from bridge_steps(world, apply)
    yield from workflow_steps(world)
    yield from outside_steps(world)


FINAL = ("complete", "failed", "cancelled")


def check_step(before: World, after: World) -> None:
    """What no single step may do."""
    if before.row.status in FINAL:
        assert after.row.status == before.row.status, "a final state changed"
        assert after.row.reason == before.row.reason, "the reason of a cancel was lost"
    if after.row.status == "complete" != before.row.status and before.row.ours:
        assert before.workflow.state == "completed", "complete without completion"
    if before.row.status == "cancelled" and before.row.stage is not None and after.row.stage is None:
        assert not before.workflow.works, "acknowledged while running"
    if before.row.status == "processing" and after.row.status in ("processing", "complete"):
        assert _input(after.row) >= _input(before.row), "the stage went back"
        assert after.row.progress >= before.row.progress, "progress fell"
    if before.row.status == "processing" and after.row.status == "failed" and before.row.ours:
        assert before.workflow.state in ("failed", "missing"), "failed while alive or finished"
    acknowledged = after.row.status == "cancelled" and after.row.stage is None
    if acknowledged and after.workflow.works:
        assert before.workflow.works, "started after the acknowledgement"
    assert after.workflow.runs <= 1, "a second run of the same job"


def _input(row: Row) -> int:
    return STAGES.index(row.stage or "queued")


def settle(world: World) -> World:
    """The fair future: no more trouble from outside, every bridge finishes its look, the workflow ends."""
    for _ in range(50):
        before = world
        for index in (0, 1):
            for _ in range(3):
                bridge = world.bridges[index]
                if bridge.row is None:
                    world = next(bridge_steps(world.with_bridge(1 - index, Bridge())))
                    bridge = world.bridges[index]
                    continue
                if bridge.seen is None:
                    world = world.with_bridge(index, replace(bridge, seen=view(world)))
                else:
                    done = world.with_bridge(index, Bridge())
                    world = apply(done, bridge, decision(bridge.row, bridge.seen, bridge.claimed))
            world = next(workflow_steps(world), world)
        if world.row.status == "processing" and world.workflow.state == "missing":
            world = replace(world, row=replace(world.row, stale=True))
        world = replace(world, bridges=(Bridge(), Bridge()))
        if world == before:
            return world
    raise AssertionError("no convergence")


def explore(start: World, visit: Callable[[World, World], None], apply: Apply = apply) -> set[World]:
    reached, waiting = {start}, deque([start])
    while waiting:
        world = waiting.popleft()
        for following in successors(world, apply):
            visit(world, following)
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached


CALM = World(calm=True)
HALF_WAY = World(Row("processing", "downloading", 80.0), Workflow("running", said=2, runs=1), calm=True)


@pytest.mark.parametrize("start", [CALM, HALF_WAY], ids=["from the first claim", "from a row of an older bridge"])
def test_neither_stage_nor_progress_goes_back(start: World) -> None:
    reached = explore(start, check_step)

    ends = {(world.row.stage, world.row.progress) for world in reached if world.row.status == "complete"}
    assert ends == {("finalizing", 100.0)}
    assert len(reached) > 1000


def test_every_reachable_state_keeps_the_promises_and_converges(capsys: pytest.CaptureFixture[str]) -> None:
    reached = explore(World(), check_step)

    for world in reached:
        end = settle(world)
        assert end.row.status in FINAL, (world, end)
        assert not (end.row.status == "cancelled" and end.row.stage is not None), (world, end)
        assert end.workflow.state != "running", (world, end)
    superseded = {world.row.stage for world in reached if world.row.reason}
    assert superseded >= {None, "queued", "downloading"}, "superseded while it waits, is claimed and runs"
    with capsys.disabled():
        print(f"\nexplored {len(reached):,} states: every promise holds, every one converges")  # noqa: T201 - the figure is the point
    assert len(reached) > 1000


def without_taking_the_id(world: World, bridge: Bridge, action: actions.Action) -> World:
    taking = isinstance(action, actions.ReserveId)
    return apply(world, bridge, actions.AcknowledgeCancel() if taking else action)


def without_the_guard_on_the_row(world: World, bridge: Bridge, action: actions.Action) -> World:
    return apply(world, replace(bridge, current=True), action)


def without_keeping_what_was_reached(world: World, bridge: Bridge, action: actions.Action) -> World:
    row, seen = bridge.row, bridge.seen
    if isinstance(action, actions.WriteProgress) and row and isinstance(seen, Running):
        shares = RULES.types.shares_of("ingest")
        action = replace(action, progress=whole_progress(shares, row.stage or "", seen.progress))
    return apply(world, bridge, action)


def without_rejecting_duplicates(world: World, bridge: Bridge, action: actions.Action) -> World:
    if isinstance(action, actions.Start) and world.workflow.state != "running":
        return replace(world, workflow=Workflow("running", runs=world.workflow.runs + 1))
    return apply(world, bridge, action)


def without_looking_before_reaping(world: World, bridge: Bridge, action: actions.Action) -> World:
    blind = isinstance(action, actions.WriteProgress) and bridge.row is not None and bridge.row.stale
    return apply(world, bridge, actions.Reap("Timeout") if blind else action)


@pytest.mark.parametrize(
    ("weakened", "start", "broken_promise"),
    [
        (without_taking_the_id, World(), "acknowledged while running|started after"),
        (without_the_guard_on_the_row, World(), "the stage went back"),
        (without_the_guard_on_the_row, CALM, "the stage went back|progress fell"),
        (without_keeping_what_was_reached, CALM, "progress fell"),
        (without_rejecting_duplicates, World(), "a second run of the same job|started after"),
        (without_looking_before_reaping, World(), "failed while alive or finished"),
    ],
    ids=[
        "an id that is not taken lets a cancelled job run",
        "a row that is not guarded goes back a stage",
        "a row that is not guarded goes back, of whatever it says",
        "a row that does not keep what was reached loses progress",
        "a workflow id that may be used again runs a job twice",
        "a row reaped without a look has a live workflow",
    ],
)
def test_the_exploration_finds_what_each_safeguard_prevents(weakened: Apply, start: World, broken_promise: str) -> None:
    with pytest.raises(AssertionError, match=broken_promise):
        explore(start, check_step, weakened)
