"""What Temporal's SDK says, as sentences and events."""

import logging

import pytest
from structlog.testing import capture_logs
from temporalio.service import RPCStatusCode

from audioprep.telemetry.sdk_logs import sdk_logging
from audioprep.temporal.connection import explained, status_in

# As temporalio 1.35 printed them.
POLL = (
    'Poll failure: Unhandled grpc error when polling: Status { code: PermissionDenied, message: "x",'
    ' metadata: MetadataMap { headers: {"content-type": "application/grpc"} }, source: None }'
)
CONNECT = (
    "Failed client connect: Server connection error: tonic::transport::Error(Transport, ConnectError(ConnectError("
    '"tcp connect error", 127.0.0.1:1, Os { code: 111, kind: ConnectionRefused, message: "Connection refused" })))'
)
SENTENCES = {
    "a refused poll": (POLL, "Temporal answered PERMISSION_DENIED (x): check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE"),
    "an expired key": (POLL.replace("PermissionDenied", "Unauthenticated"), "TEMPORAL_API_KEY, it may have expired"),
    "a server that is away": (CONNECT, "Temporal cannot be reached (connection refused): check TEMPORAL_ADDRESS"),
    "another fault": ("Boom\nat line 1", "Boom"),
}


@pytest.mark.parametrize(("said", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_an_error_of_the_sdk_names_the_setting_to_check(said: str, sentence: str) -> None:
    assert sentence in explained(said)
    assert "\n" not in explained(said)


def test_only_a_grpc_status_is_one() -> None:
    assert status_in(POLL) == (RPCStatusCode.PERMISSION_DENIED, "x")
    assert status_in(CONNECT) is None


def test_log_lines_of_the_sdk_are_bounded_events() -> None:
    forwarding = sdk_logging().forwarding
    assert forwarding is not None

    with capture_logs() as events:
        for number in range(1000):
            forwarding.logger.warning("retried %d times", number)

    assert {event["event"] for event in events} == {"temporal_sdk"}
    assert events[0] == {"event": "temporal_sdk", "log_level": "warning", "message": "retried 0 times"}
    assert 1 <= len(events) < 60
    assert forwarding.logger.isEnabledFor(logging.WARNING)
