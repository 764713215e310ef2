"""Answers with the page of a list that the query asks for."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from flask import Response, request

from archive_shared.http.app import json_response
from archive_shared.http.requests import page, page_body

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Find(Protocol[T_co]):
    """Finds a part of a list: how long the list is, and the part."""

    def __call__(self, *, skip: int, limit: int) -> tuple[int, Sequence[T_co]]: ...


def answer_page(public_url: str, find: Find[T], show: Callable[[T], object]) -> Response:
    """Answer with a page, which links to its neighbours; `Invalid` for a query that names none."""
    wanted = page()
    count, found = find(skip=wanted.offset, limit=wanted.limit)
    url = f"{public_url}{request.path}"
    return json_response(page_body(wanted, url=url, count=count, results=[show(each) for each in found]))
