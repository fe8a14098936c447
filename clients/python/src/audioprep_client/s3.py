"""Presigned URLs of S3 and compatible stores (R2, SeaweedFS, MinIO): AWS Signature Version 4 in the query."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from audioprep_client import keys


@dataclass(frozen=True, slots=True)
class Bucket:
    """`endpoint` as `https://s3.eu-central-1.amazonaws.com`; `prefix` is the path of `AUDIOPREP_STORAGE_URL`.

    The region is `auto` on R2.
    """

    endpoint: str
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = "us-east-1"
    prefix: str = ""
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload by PUT with these headers; a browser adds `Content-Length` itself."""

    url: str
    headers: dict[str, str]
    storage_key: str
    method: str = "PUT"


def sign_upload(
    bucket: Bucket,
    name: str,
    size: int,
    content_type: str,
    *,
    expires: int = 900,
    max_bytes: int = 100_000_000,
    folder: str = "uploads/",
    now: datetime | None = None,
) -> Upload:
    """An upload by the browser itself: key, size and type are bound into the signature. Raises ValueError by size."""
    if not 1 <= size <= max_bytes:
        raise ValueError(f"The upload must have 1 to {max_bytes} bytes.")
    key = keys.upload(name, folder)
    signed = {"content-length": str(size), "content-type": content_type}
    url = _presign(bucket, "PUT", key, expires, signed, {}, now)
    return Upload(url, {"Content-Type": content_type}, key)


def sign_download(
    bucket: Bucket, key: str, *, expires: int = 900, filename: str | None = None, now: datetime | None = None
) -> str:
    """A download, also in ranges; with `filename` the browser saves it under that name."""
    disposition = {"response-content-disposition": f"attachment; filename*=UTF-8''{_escaped(filename or '')}"}
    return _presign(bucket, "GET", key, expires, {}, disposition if filename else {}, now)


def _presign(
    bucket: Bucket,
    method: str,
    key: str,
    expires: int,
    signed: dict[str, str],
    extra: dict[str, str],
    now: datetime | None,
) -> str:
    url = urlsplit(bucket.endpoint)
    parts = [bucket.bucket, *bucket.prefix.split("/"), *key.split("/")]
    path = url.path.rstrip("/") + "/" + "/".join(_escaped(part) for part in parts if part)
    time = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{time[:8]}/{bucket.region}/s3/aws4_request"
    headers = dict(sorted({"host": url.netloc, **signed}.items()))
    query = {
        **extra,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{bucket.access_key_id}/{scope}",
        "X-Amz-Date": time,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": ";".join(headers),
    }
    if bucket.session_token:
        query["X-Amz-Security-Token"] = bucket.session_token
    search = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(query.items()))
    shown = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join([method, path, search, shown, ";".join(headers), "UNSIGNED-PAYLOAD"])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(request.encode()).hexdigest()])
    signing = f"AWS4{bucket.secret_access_key}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    signature = hmac.digest(signing, to_sign.encode(), "sha256").hex()
    return f"{url.scheme}://{url.netloc}{path}?{search}&X-Amz-Signature={signature}"


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
