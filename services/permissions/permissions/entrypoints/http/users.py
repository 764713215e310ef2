"""Users over HTTP."""

from dataclasses import dataclass
from functools import partial

from flask import Blueprint, Response, request

from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body
from permissions.domain.identity import Identity
from permissions.domain.user import User
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
from permissions.entrypoints.http.paging import answer_page
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_users import (
    UserState,
    change_own_mail,
    change_user,
    create_user,
    find_person,
    list_users,
    show_user,
)
from permissions.use_cases.sign_in import change_password


def users_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for users."""
    routes = Blueprint("users", __name__, url_prefix="/api/v1/users")
    users = _Users(directory, public_url)
    routes.get("/")(users.list_all)
    routes.post("/")(users.create)
    routes.get("/find/")(users.find)
    routes.get("/me/")(users.me)
    routes.patch("/me/")(users.change_me)
    routes.get("/<pk>/")(users.show)
    routes.patch("/<pk>/")(users.change)
    routes.put("/<pk>/password/")(users.password)
    return routes


@dataclass(frozen=True)
class _Users:
    """What requests about users are answered."""

    directory: Directory
    public_url: str

    def list_all(self) -> Response:
        """List all users."""
        everybody = partial(list_users, self.directory, self._caller())
        return answer_page(self.public_url, everybody, schemas.show_user)

    def create(self) -> Response:
        """Create a user."""
        caller, sent = self._caller(), body(schemas.NewUser())

        def act(identifier: str) -> Acted:
            return 201, schemas.show_user(create_user(self.directory, caller, identifier, **sent))

        return posted(self.directory.answers, caller.id, act)

    def find(self) -> Response:
        """Find the one person with exactly this username or e-mail address."""
        found = find_person(self.directory, self._caller(), name=request.args.get("name", ""))
        return json_response({"results": [schemas.show_person(user.person) for user in found]})

    def me(self) -> Response:
        """Show who is calling."""
        return _shown(self._caller().user)

    def change_me(self) -> Response:
        """Change the caller's own e-mail address, and how they hear of things by it."""
        return _shown(change_own_mail(self.directory, self._caller(), **body(schemas.OwnMail())))

    def show(self, pk: str) -> Response:
        """Show a user."""
        return _shown(show_user(self.directory, self._caller(), pk))

    def change(self, pk: str) -> Response:
        """Change what a user is: verified, active, administrator, of which organisations."""
        wanted = UserState(**body(schemas.ChangedUser()))
        return _shown(change_user(self.directory, self._caller(), pk, wanted))

    def password(self, pk: str) -> Response:
        """Set a password, which ends the sessions of that user."""
        change_password(self.directory, self._caller(), pk, **body(schemas.NewPassword()))
        return Response(status=204)

    def _caller(self) -> Identity:
        return caller_of(self.directory)


def _shown(user: User) -> Response:
    return json_response(schemas.show_user(user))
