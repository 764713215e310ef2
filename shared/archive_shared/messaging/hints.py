"""Hints on the wire: `{"job": "<identifier>"}`, which says that a job is worth a look and carries no truth."""

import json

from archive_shared.wire.cloud_events import Undecodable


def encode_hint(job_id: str) -> bytes:
    return json.dumps({"job": job_id}).encode()


def decode_hint(body: bytes) -> str:
    """Return the job's identifier; raise `Undecodable` when it is no hint."""
    try:
        hint = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"it is not JSON: {error}") from error
    if not isinstance(hint, dict) or not isinstance(hint.get("job"), str):
        raise Undecodable("it is not a hint: it names no job")
    return str(hint["job"])
