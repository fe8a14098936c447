"""One attempt at a webhook: what each answer means, and where it may not go."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from audioprep.activities.download.address_policy import AddressPolicy
from audioprep.activities.webhooks import Receiver
from audioprep.jobs.errors import JobError
from audioprep.jobs.webhooks.signature import parse_secrets
from tests.support.receiver import WebhookReceiver, open_receiver


@pytest.fixture
async def server() -> AsyncIterator[WebhookReceiver]:
    async with open_receiver() as receiver:
        yield receiver


def receiver_of(server: WebhookReceiver, *, private: bool = True) -> Receiver:
    return Receiver(server.url, parse_secrets(server.secret), AddressPolicy(allow_private=private))


async def test_a_signed_webhook_is_accepted(server: WebhookReceiver) -> None:
    assert await receiver_of(server).post("msg_1", '{"type": "ü"}') == 204

    assert server.accepted == {"msg_1": [{"type": "ü"}]}


@pytest.mark.parametrize(
    ("answer", "retried", "wait", "said"),
    [
        (500, True, None, "HTTP 500"),
        (429, True, 90, "HTTP 429"),
        (404, True, None, "HTTP 404"),
        (302, True, None, "HTTP 302"),
        (410, False, None, "HTTP 410"),
    ],
    ids=[
        "server error: again",
        "too many requests: after the time it names",
        "not found: again, a deploy may be under way",
        "redirect: not followed, again",
        "gone: never again",
    ],
)
async def test_an_answer_decides_on_the_next_attempt(
    server: WebhookReceiver, answer: int, retried: bool, wait: float | None, said: str
) -> None:
    server.answers, server.retry_after = [answer], "90"

    with pytest.raises(JobError, match=said) as refused:
        await receiver_of(server).post("msg_1", "{}")

    assert refused.value.non_retryable is not retried
    assert refused.value.next_retry_delay == (timedelta(seconds=wait) if wait else None)
    assert "confidential" not in str(refused.value)


async def test_a_private_address_is_refused_before_anything_is_sent(server: WebhookReceiver) -> None:
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
        receiver = Receiver(url, parse_secrets(server.secret))
        with pytest.raises(JobError, match="does not lead to a public address"):
            await receiver.post("msg_1", "{}")

    assert server.requests.total() == 0


async def test_a_receiver_that_is_down_is_tried_again(server: WebhookReceiver) -> None:
    server.down = True

    with pytest.raises(JobError, match=r"connection to 127\.0\.0\.1 failed") as refused:
        await receiver_of(server).post("msg_1", "{}")

    assert not refused.value.non_retryable
