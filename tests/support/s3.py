"""A real S3 server on this machine: SeaweedFS, with one identity that may do all and one that may only read."""

import json
import signal
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tests.support.processes import Program, free_ports
from tests.support.storage import BucketPlace

BUCKET = "audioprep-test"
OWNER = ("owner-key", "owner-secret-9f2b61")
READER = ("reader-key", "reader-secret-4c07aa")
_ACTIONS = {OWNER: ["Admin", "Read", "Write", "List", "Tagging"], READER: ["Read", "List"]}
_STARTED = 60.0  # seconds; 3 to 8 on a quiet machine


@dataclass(frozen=True)
class S3Server:
    """Where it listens. Buckets are made by the first object that the owner stores in them."""

    endpoint: str

    def env(self, identity: tuple[str, str] = OWNER) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": identity[0],
            "AWS_SECRET_ACCESS_KEY": identity[1],
        }

    def place(self) -> BucketPlace:
        """A prefix nobody else uses."""
        prefix = f"test-{uuid.uuid4()}"
        return BucketPlace(f"s3://{BUCKET}/{prefix}", self.env(), self._client(prefix))

    def wait_until_ready(self, program: Program) -> None:
        """Until it really stores an object: it listens some seconds before it can."""
        deadline = time.monotonic() + _STARTED
        while True:
            try:
                obstore.put(self._client("ready"), "object", b"yes")
            except BaseError:
                if time.monotonic() > deadline or program.running.poll() is not None:
                    raise AssertionError(f"SeaweedFS did not come up:\n{program.said()[-2000:]}") from None
                time.sleep(0.1)  # noqa: TID251 - a condition with a deadline, before any event loop runs
            else:
                return

    def _client(self, prefix: str) -> S3Store:
        key, secret = OWNER
        return S3Store(
            BUCKET,
            prefix=prefix,
            endpoint=self.endpoint,
            access_key_id=key,
            secret_access_key=secret,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )


def seaweedfs(folder: Path) -> tuple[Program, S3Server]:
    """A server on a folder of its own, not started yet. All its ports are chosen, so that several can run at once."""
    binary = Path(sys.executable).with_name("weed")
    assert binary.exists(), f"{binary} is missing: run `make setup`"
    identities = folder / "identities.json"
    identities.write_text(json.dumps({"identities": [_identity(*pair) for pair in _ACTIONS]}))
    data = folder / "data"
    data.mkdir()
    services = ("s3", "master", "volume", "filer")
    ports = free_ports(2 * len(services))
    argv: list[str | Path] = [binary, "-logtostderr", "server", f"-dir={data}", "-s3"]
    argv += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    argv += [f"-{service}.port={port}" for service, port in zip(services, ports, strict=False)]
    argv += [f"-{service}.port.grpc={port}" for service, port in zip(services, ports[len(services) :], strict=True)]
    argv += [f"-s3.config={identities}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-iam=false"]
    argv += ["-master.telemetry=false", "-master.volumeSizeLimitMB=128", "-master.volumePreallocate=false"]
    argv += ["-volume.max=20"]
    return Program(argv, folder / "seaweedfs.log", stop_with=signal.SIGKILL), S3Server(f"http://127.0.0.1:{ports[0]}")


def _identity(key: str, secret: str) -> dict[str, object]:
    credentials = [{"accessKey": key, "secretKey": secret}]
    return {"name": key, "credentials": credentials, "actions": _ACTIONS[key, secret]}
