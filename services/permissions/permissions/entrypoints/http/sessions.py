"""Signing in on the page, and out."""

from flask import Blueprint, Response

from archive_shared.errors import Invalid
from archive_shared.http import sessions
from archive_shared.http.addresses import ClientAddress
from archive_shared.http.app import json_response
from archive_shared.http.requests import body
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
from permissions.use_cases.directory import Directory
from permissions.use_cases.sign_in import SignedIn, sign_in, sign_in_with_token, sign_out


def sessions_blueprint(directory: Directory, *, public_url: str, client: ClientAddress) -> Blueprint:
    """Routes for sessions; cookies are for https only wherever the platform is reached by it."""
    routes = Blueprint("sessions", __name__, url_prefix="/api/v1/sessions")
    secure = public_url.startswith("https:")

    @routes.post("/")
    def begin() -> Response:
        """Sign in with username and password, or with a token; the session is kept in cookies."""
        signed_in = _sign_in(directory, **body(schemas.SignIn()), address=client())
        response = json_response(schemas.show_user(signed_in.user), 201)
        lifetime_s = int(directory.rules.session_lifetime.total_seconds())
        sessions.begin(response, signed_in.session.secret, secure=secure, lifetime_s=lifetime_s)
        response.cache_control.no_store = True
        return response

    @routes.delete("/current/")
    def end() -> Response:
        """Sign out."""
        sign_out(directory, caller_of(directory))
        response = Response(status=204)
        sessions.end(response, secure=secure)
        return response

    return routes


def _sign_in(
    directory: Directory,
    *,
    username: str | None,
    password: str | None,
    token: str | None,
    address: str | None,
) -> SignedIn:
    if token is not None:
        return sign_in_with_token(directory, token)
    if username is None or password is None:
        raise Invalid({"username": ["Give a username and a password, or a token."]})
    return sign_in(directory, username=username, password=password, address=address)
