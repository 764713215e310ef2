"""What clients send to permissions and what they get back."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from archive_shared.access import Action, Question
from archive_shared.clock import to_text
from permissions.domain.role import Role
from permissions.domain.token import Token
from permissions.domain.user import User


class NewUser(Schema):
    username = fields.String(required=True)


class NewToken(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=255))
    user = fields.String(load_default=None)


class NewMember(Schema):
    user = fields.String(required=True)
    role = fields.Enum(Role, by_value=True, required=True)


class AskedQuestion(Schema):
    action = fields.Enum(Action, by_value=True, required=True)
    archive = fields.String(load_default=None, allow_none=True)
    public = fields.Boolean(load_default=False)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Question:
        return Question(**data)


class Decisions(Schema):
    token = fields.String(required=True, allow_none=True)
    questions = fields.List(fields.Nested(AskedQuestion), required=True, validate=validate.Length(max=1000))


class DecisionsAboutUser(Schema):
    user = fields.String(required=True)
    questions = fields.List(fields.Nested(AskedQuestion), required=True, validate=validate.Length(max=1000))


class UsableArchives(Schema):
    token = fields.String(required=True, allow_none=True)


class FirstEditor(Schema):
    archive = fields.String(required=True)
    user = fields.String(required=True)


def show_user(user: User) -> dict[str, Any]:
    return {
        "pk": user.id,
        "username": user.username,
        "number": user.number,
        "administrator": user.administrator,
        "created": to_text(user.created_at),
    }


def show_token(token: Token) -> dict[str, Any]:
    return {
        "pk": token.id,
        "name": token.name,
        "ending": token.ending,
        "created": to_text(token.created_at),
    }


def show_member(user: User, roles: Sequence[Role]) -> dict[str, Any]:
    return {"user": user.id, "username": user.username, "roles": [role.value for role in roles]}


def show_caller(user: User | None) -> dict[str, Any] | None:
    if user is None:
        return None
    return {
        "id": user.id,
        "username": user.username,
        "number": user.number,
        "administrator": user.administrator,
    }
