"""DBOS' worker: `python -m benchmarks.peers.dbos_app`. DBOS_URL says where its SQLite database is."""

import os
import signal

from dbos import DBOS

from benchmarks.peers.work import Command, run_commands, started_at

SAVES, LOOKS = "saves", "looks"
READY = "peer is ready"


@DBOS.step()
def run_step(commands: list[Command]) -> None:
    run_commands(commands)


@DBOS.workflow()
def save(commands: list[Command]) -> None:
    for command in commands:
        run_step([command])


@DBOS.step()
def look_step() -> float:
    return started_at()


@DBOS.workflow()
def look() -> float:
    return look_step()


def main() -> None:
    """Serve both queues until told to stop."""
    DBOS(
        config={
            "name": "peer",
            "system_database_url": os.environ["DBOS_URL"],
            "run_admin_server": False,
            "application_version": "1",
        }
    )
    DBOS.launch()
    DBOS.register_queue(SAVES, worker_concurrency=2)
    DBOS.register_queue(LOOKS)
    print(READY, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    DBOS.destroy()


if __name__ == "__main__":
    main()
