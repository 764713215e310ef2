"""The Flask application of the portal: one page and its files; everything else the page asks the API."""

from pathlib import Path

from flask import Blueprint, Flask, Response, render_template, send_from_directory

from archive_shared.http.app import build_app
from portal.settings import Settings

STATIC = Path(__file__).parent / "static"
OPENAPI = Path(__file__).parent / "openapi.json"


def create_app(settings: Settings) -> Flask:
    """Return the application."""
    return build_app("portal", blueprints=[_pages(settings)], ready={})


def content_security_policy(blobs_public_url: str) -> str:
    """Return what the page may load: its own files, pictures it fetched itself, the API and the blob store."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob:",
            f"connect-src 'self' {blobs_public_url}".strip(),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _pages(settings: Settings) -> Blueprint:
    routes = Blueprint("pages", __name__)
    policy = content_security_policy(settings.blobs_public_url)

    @routes.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-cache"  # asks every time, and mostly hears "not modified"
        return response

    @routes.get("/")
    @routes.get("/new-archive/")
    @routes.get("/viewers/")
    @routes.get("/sockets/")
    @routes.get("/webhooks/")
    @routes.get("/notifications/")
    @routes.get("/account/")
    @routes.get("/people/")
    @routes.get("/api/")
    @routes.get("/archives/<slug>/")
    @routes.get("/archives/<slug>/members/")
    @routes.get("/archives/<slug>/settings/")
    @routes.get("/archives/<slug>/table/")
    @routes.get("/archives/<slug>/versions/")
    @routes.get("/archives/<slug>/duplicates/")
    @routes.get("/archives/<slug>/downloads/")
    @routes.get("/archives/<slug>/deleted/")
    @routes.get("/archives/<slug>/items/<item>/")
    def page(**_: str) -> str:
        """Serve the page; which part of it is shown is decided in the browser by the address."""
        return render_template("index.html", public_url=settings.public_url)

    @routes.get("/<path:unknown>")
    def nowhere(unknown: str) -> tuple[str, int]:
        return page(), 404

    @routes.get("/api/openapi.json")
    def openapi() -> Response:
        """Serve what the whole API takes and answers; written by `make contracts`."""
        return send_from_directory(OPENAPI.parent, OPENAPI.name)

    @routes.get("/static/<path:name>")
    def file(name: str) -> Response:
        return send_from_directory(STATIC, name)

    return routes
