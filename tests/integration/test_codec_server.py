"""The Temporal UI can read encrypted payloads through us, and no other page can."""

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from audioprep.encryption.payload_codec import EncryptingCodec
from audioprep.temporal.codec_server import codec_server
from tests.support.processes import free_port

UI = "http://localhost:8233"
CODEC = EncryptingCodec([bytes(32)])
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'"https://host/a.mp3"')


@pytest.fixture
async def url() -> AsyncIterator[str]:
    port = free_port()
    async with codec_server(CODEC, port, UI):
        yield f"http://127.0.0.1:{port}"


async def _post(url: str, payloads: list[Payload] | str, **headers: str) -> tuple[int, str]:
    body = payloads if isinstance(payloads, str) else json_format.MessageToJson(Payloads(payloads=payloads))
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_the_ui_reads_what_is_encrypted(url: str) -> None:
    status, text = await _post(f"{url}/decode", await CODEC.encode([CLEAR]), Origin=UI)

    assert status == 200
    assert list(json_format.Parse(text, Payloads()).payloads) == [CLEAR]


async def test_what_it_encodes_it_can_decode(url: str) -> None:
    _, sealed = await _post(f"{url}/encode", [CLEAR])
    _, text = await _post(f"{url}/decode", sealed)

    assert "json/plain" not in sealed
    assert list(json_format.Parse(text, Payloads()).payloads) == [CLEAR]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}])
async def test_other_pages_are_refused(url: str, headers: dict[str, str]) -> None:
    status, _ = await _post(f"{url}/decode", await CODEC.encode([CLEAR]), **headers)

    assert status == 403


async def test_only_the_ui_is_named_to_browsers(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.options(f"{url}/decode") as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == UI


@pytest.mark.parametrize("body", ["", "{", json.dumps({"payloads": 7})])
async def test_nonsense_is_refused(url: str, body: str) -> None:
    assert (await _post(f"{url}/decode", body))[0] == 400


async def test_a_key_that_is_gone_is_told(url: str) -> None:
    status, text = await _post(f"{url}/decode", await EncryptingCodec([bytes(range(32))]).encode([CLEAR]))

    assert status == 400
    assert "AUDIOPREP_PAYLOAD_KEY" in text
