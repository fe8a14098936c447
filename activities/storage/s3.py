"""The S3 client: found by the usual `AWS_*` variables, and never waiting for long."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from obstore.store import S3Store

if TYPE_CHECKING:  # these exist for type checkers only
    from obstore.store import ClientConfig, RetryConfig

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")  # in the client's own order

# `read_timeout` runs while a part is sent, too: a part of 5 MB must be through in this time, at 2 Mbit/s or better.
_CLIENT: Final["ClientConfig"] = {
    "connect_timeout": timedelta(seconds=5),
    "read_timeout": timedelta(seconds=20),
    "timeout": timedelta(hours=1),  # of one request with its whole body; the step's own timeout is the real bound
}
# Short, since Temporal retries the step: this only spares it a hiccup.
_RETRIES: Final["RetryConfig"] = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=15),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}


def open_s3(bucket: str, prefix: str | None) -> S3Store:
    """A bucket of AWS, R2, SeaweedFS or another S3. Plain HTTP is spoken only to an endpoint whose URL says so."""
    endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
    return S3Store(
        bucket,
        prefix=prefix,
        client_options={**_CLIENT, "allow_http": endpoint.lower().startswith("http://")},
        retry_config=_RETRIES,
        disable_bulk_delete=True,  # we delete one by one, and not every S3 has the bulk call
    )
