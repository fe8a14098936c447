"""The snippets of docs/webhooks.md verify what audioprep signs, and nothing else."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from audioprep.jobs.webhooks.signature import parse_secrets, sign
from tests.support.documents import WEBHOOKS, snippets
from tests.support.processes import ROOT
from tests.support.receiver import SECRET

OTHER = "whsec_" + "b" * 32
BODY = '{"type": "job.complete", "data": {"tenant": "ü"}}'

# What the snippet makes of each case: the event's type, or that it threw.
RUNNER = """
import { readFileSync } from "node:fs";
import { verifyWebhook } from "./webhook.ts";
const said = JSON.parse(readFileSync("cases.json", "utf-8")).map(({ body, headers }: any) => {
  try { return verifyWebhook(body, new Headers(headers)).type; } catch (error) { return "refused"; }
});
console.log(JSON.stringify(said));
"""


def signed(secrets: str, *, age: int = 0, body: str = BODY, sent: str = BODY) -> dict[str, Any]:
    """A request whose signature is of `body`, and which sends `sent`."""
    moment = int(time.time()) - age
    signature = sign(parse_secrets(secrets), "msg_1", moment, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(moment), "webhook-signature": signature}
    return {"body": sent, "headers": headers}


def cases() -> list[tuple[dict[str, Any], str]]:
    """Requests, and what becomes of each."""
    unsigned = signed(SECRET)
    del unsigned["headers"]["webhook-signature"]
    return [
        (signed(SECRET), "job.complete"),
        (signed(f"{OTHER},{SECRET}"), "job.complete"),
        (signed(OTHER), "refused"),
        (signed(SECRET, sent=BODY.replace("complete", "failed")), "refused"),
        (signed(SECRET, age=1000), "refused"),
        (unsigned, "refused"),
    ]


async def test_the_typescript_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_WEBHOOK_SECRET", SECRET)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "webhook.ts").write_text(*snippets(WEBHOOKS, "ts"))
    (tmp_path / "main.mts").write_text(RUNNER)
    (tmp_path / "cases.json").write_text(json.dumps([case for case, _ in cases()]))

    process = await asyncio.create_subprocess_exec(
        *("node", "--import", "tsx", "main.mts"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 90)

    assert json.loads(out) == [expected for _, expected in cases()]


def test_the_python_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_WEBHOOK_SECRET", SECRET)
    names: dict[str, Any] = {}
    exec(*snippets(WEBHOOKS, "python"), names)  # noqa: S102 - our own document

    for request, expected in cases():
        if expected == "refused":
            with pytest.raises(WebhookVerificationError):
                names["verify_webhook"](request["body"].encode(), request["headers"])
        else:
            assert names["verify_webhook"](request["body"].encode(), request["headers"])["type"] == expected
