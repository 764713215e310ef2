"""How operators say where in the log something begins."""

import re
from datetime import datetime, timedelta
from typing import Any

import click

from archive_shared.clock import SystemClock
from archive_shared.messaging.event_log import Start

_AGO = re.compile(r"(\d+)(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


class Since(click.ParamType[Start]):
    """`first`, an offset, an instant, or a time ago."""

    name = "offset|time|ago"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Start:
        """Read it; an instant needs its time zone, so that nobody replays the wrong hours."""
        text = str(value)
        if text == "first":
            return 0
        if text.isdecimal():
            return int(text)
        if ago := _AGO.fullmatch(text):
            return SystemClock().now() - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            example = "first, 1200 (offset), 90min, 2h, 3d, or 2026-11-26T08:00:00+01:00"
            return self.fail(f"{text!r} is none of: {example}", param, ctx)
        return instant
