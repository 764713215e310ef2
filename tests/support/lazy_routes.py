"""Applications that are built again for every test, without what werkzeug compiles for each of their routes.

For each route werkzeug compiles two functions that write its address, which is most of what building an application takes
(archive-api: a tenth of a second for 104 routes), and `url_for` is asked for one of them. Here they are compiled once asked for.
"""

from collections.abc import Callable
from functools import cache

import pytest
from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


def compile_addresses_when_asked(patch: pytest.MonkeyPatch) -> None:
    """Have routes compile what writes their addresses when the first address is written."""
    compile_now: Callable[[Rule, bool], Builder] = Rule._compile_builder

    def compile_later(rule: Rule, append_unknown: bool = True) -> Builder:
        compiled = cache(lambda: compile_now(rule, append_unknown))
        return lambda bound, /, **values: compiled()(bound, **values)

    patch.setattr(Rule, "_compile_builder", compile_later)
