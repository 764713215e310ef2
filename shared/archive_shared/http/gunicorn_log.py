"""What gunicorn logs of requests: that they failed, and nothing of what they say."""

from typing import Any

from gunicorn.glogging import Logger

_UNREADABLE = "Invalid request from ip="
_FAILED = "Error handling request"


class DiscreetLogger(Logger):
    """Like gunicorn's own, but addresses, in which people search for patients, and headers, with tokens in them, stay out.

    gunicorn quotes whichever line of a request it cannot read, and the address of one that fails in a way that no application
    handles.
    """

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith(_UNREADABLE):
            msg, _, _ = msg.partition(": ")
        super().warning(msg, *args, **kwargs)  # type: ignore[no-untyped-call]

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith(_FAILED):
            msg, args = _FAILED, ()
        super().exception(msg, *args, **kwargs)  # type: ignore[no-untyped-call]
