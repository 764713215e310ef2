"""Recognises what nearly everybody sends: GET or HEAD without a body, all of it there; called by `gunicorn_worker`.

Only a part of what gunicorn's parser accepts is recognised, and it is read as gunicorn reads it (tests compare the two).
Whatever else arrives is left to gunicorn: to be read with care, or refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

# A request line (RFC 9112, section 3) with a path from the root, and field lines (section 5). Every line ends in CRLF,
# none is folded, nothing stands between a name and its colon. Names are tokens (RFC 9110, section 5.6.2), but without
# underscores, which look like dashes in an environment; in values there are no controls but tabs (section 5.5).
_HEAD: Final = re.compile(
    rb"(GET|HEAD) (/(?!/)[!\"$-~]*+) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^`|~0-9A-Za-z-]++:[\t\x20-\x7e\x80-\xff]*+\r\n)++)\r\n"
)
_UNUSUAL: Final = frozenset({"CONTENT-LENGTH", "CONTENT-TYPE", "EXPECT", "TRANSFER-ENCODING", "UPGRADE"})
_CONNECTIONS: Final = ("keep-alive", "close")


@dataclass(frozen=True, slots=True)
class OrdinaryRequest:
    """A request as gunicorn's `Response` wants to know it; names of fields are in upper case, each occurs once."""

    method: str
    target: str
    fields: Mapping[str, str]

    @property
    def version(self) -> tuple[int, int]:
        return 1, 1

    def should_close(self) -> bool:
        """Tell whether this is the client's last request (RFC 9112, section 9.3)."""
        return self.fields.get("CONNECTION", "").lower() == "close"

    def environ(self) -> dict[str, Any]:
        """Return what a WSGI environment (PEP 3333) says of a request."""
        path, _, query = self.target.partition("?")
        headers = {"HTTP_" + name.replace("-", "_"): value for name, value in self.fields.items()}
        return headers | {
            "REQUEST_METHOD": self.method,
            "RAW_URI": self.target,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": "HTTP/1.1",
        }


def recognise(received: bytes, *, most_bytes: int, most_fields: int) -> OrdinaryRequest | None:
    """Return the request that was received if that is all there is, and ordinary.

    Parameters
    ----------
    most_bytes
        How long a line may be; here, a whole request.
    """
    head = _HEAD.fullmatch(received) if len(received) <= most_bytes else None
    if head is None:
        return None
    lines = [line.partition(":") for line in head[3].decode("latin-1").split("\r\n")[:-1]]
    fields = {name.upper(): value.strip(" \t") for name, _, value in lines}
    is_ordinary = (
        len(fields) == len(lines) <= most_fields
        and _UNUSUAL.isdisjoint(fields)
        and fields.get("CONNECTION", "close").lower() in _CONNECTIONS
    )
    return OrdinaryRequest(head[1].decode(), head[2].decode(), fields) if is_ordinary else None
