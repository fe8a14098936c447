"""Errors of the object store, translated into transient and permanent job errors."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError

from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

_CODE = re.compile(r"<Code>(\w{1,60})</Code>|\(code: (\w{1,60})\)")  # of an S3 error document
_STATUS = re.compile(r"status code: (\d{3})")
_ERRNO = re.compile(r"\(os error (\d+)\)")
_WRONG_KEYS = {"SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidToken", "ExpiredToken", "Unauthorized"}
_NO_BUCKET = {"NoSuchBucket", "InvalidBucketName"}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_BAD_NAME = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL}


@contextmanager
def storage_errors(key: str) -> Iterator[None]:
    """Turn the library's errors about `key` into ours: a missing object is permanent, a silent server is not.

    The library's own words are left behind, since they hold URLs, response bodies and pages of debug output.
    """
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise _translated(key, error) from None


def _translated(key: str, error: Exception) -> JobError:
    text = str(error)
    code = _code(text)
    number = _number(error, text)
    if code in _NO_BUCKET:
        return PermanentError(
            ErrorKind.STORAGE, "The storage bucket does not exist: check AUDIOPREP_STORAGE_URL and AWS_ENDPOINT_URL."
        )
    if isinstance(error, FileNotFoundError):
        return PermanentError(ErrorKind.SOURCE_MISSING, f"There is no object {key[:80]!r} in storage.")
    if _is_refusal(error, code, number):
        return PermanentError(ErrorKind.REFUSED, f"Storage refused access to {key!r}: {_refusal(code, number)}.")
    if isinstance(error, ValueError) or number in _BAD_NAME:
        return PermanentError(
            ErrorKind.INVALID_PAYLOAD, f"The storage key {key[:80]!r} cannot be used in this storage."
        )
    if isinstance(error, PreconditionError):
        return TransientError(ErrorKind.STORAGE, f"The object {key!r} changed while it was being read.")
    return TransientError(ErrorKind.STORAGE, f"Storage failed for {key!r}: {_reason(text, code, number)}.")


def _is_refusal(error: Exception, code: str, number: int) -> bool:
    refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
    return refused or code == "AccessDenied" or code in _WRONG_KEYS or number in _FORBIDDEN


def _refusal(code: str, number: int) -> str:
    if number:
        return f"{os.strerror(number).lower()}; check the owner and mode of the folder"
    if code in _WRONG_KEYS:
        return "the credentials are not valid; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if code == "AccessDenied":
        return "these credentials may not do that; check the bucket's policy"
    return "check the worker's credentials and the bucket's policy"


def _reason(text: str, code: str, number: int) -> str:
    """A few words for what may pass."""
    if number in _FULL:
        return "the disk is full"
    if number:
        return os.strerror(number).lower()
    if "169.254." in text or "metadata endpoint" in text:
        return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if "kind: Timeout" in text or "TimedOut" in text:
        return "the server did not answer in time"
    if "dns error" in text:
        return "the server's name cannot be resolved"
    if "kind: Connect" in text:
        return "the server cannot be reached"
    status = _STATUS.search(text)
    if status:
        return f"the server answered {status[1]}{' ' + code if code else ''}"
    return "the connection broke off" if "HTTP" in text or "Body" in text else "it gave no usable answer"


def _code(text: str) -> str:
    found = _CODE.search(text)
    return (found[1] or found[2]) if found else ""


def _number(error: Exception, text: str) -> int:
    """The errno, which the local store only mentions; 0 when there is none or it came over the network."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = _ERRNO.search(text) if isinstance(error, OSError) or "LocalFileSystem" in text else None
    return int(found[1]) if found else 0
