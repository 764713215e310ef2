"""Pages of lists in the format that is asked for: JSON, or with `?format=csv` a table."""

import csv
import io
import json

from flask import Response, request

from archive_api.entrypoints.http.shapes import Json
from archive_shared.csv_cells import as_cell
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response


def formatted(body: Json) -> Response:
    """Return a page as `?format=` says, as JSON if it says nothing; raise `Invalid` for a format there is not."""
    wanted = request.args.get("format") or "json"
    if wanted not in _FORMATS:
        raise Invalid({"format": [f"Choose one of: {', '.join(_FORMATS)}."]})
    return _FORMATS[wanted](body)


def _table(body: Json) -> Response:
    """Write a page as CSV; what is no scalar is JSON. The header Link (RFC 8288) leads to the next page."""
    out = io.StringIO()
    results = body["results"]
    names = list(results[0]) if results else ["pk"]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(each[name]) for name in names} for each in results)
    response = Response(out.getvalue(), content_type="text/csv; charset=utf-8")
    if body["next"]:
        response.headers["Link"] = f'<{body["next"]}>; rel="next"'
    return response


def _cell(value: object) -> object:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return as_cell(value) if isinstance(value, str) else value


_FORMATS = {"json": json_response, "csv": _table}
