"""What clients send to permissions and what they get back."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from archive_shared.access import Action, Caller, Question, Standing
from archive_shared.clock import to_text
from permissions.domain.act import Act
from permissions.domain.admission import Admission, Handling
from permissions.domain.notification import Notification
from permissions.domain.organisation import Organisation
from permissions.domain.person import Person
from permissions.domain.request import AccessRequest
from permissions.domain.role import Role
from permissions.domain.token import Token
from permissions.domain.user import Mail, User

READ, WRITE = "read", "write"
_ARCHIVES = validate.Length(min=1, max=1000)
_LINE = validate.Length(max=255)
_NAME = validate.Length(min=1, max=255)
_MESSAGE = validate.Length(max=2_000)
_TERMS = validate.Length(max=20_000)


class NewUser(Schema):
    username = fields.String(required=True)
    email = fields.Email(load_default="", validate=_LINE)


class ChangedUser(Schema):
    verified = fields.Boolean()
    active = fields.Boolean()
    administrator = fields.Boolean()
    creates_archives = fields.Boolean()
    organisations = fields.List(fields.String(), validate=validate.Length(max=100))


class OwnMail(Schema):
    email = fields.Email(load_default=None, validate=_LINE)
    mail = fields.Enum(Mail, by_value=True, load_default=None)
    muted = fields.List(fields.String(validate=_NAME), load_default=None, validate=validate.Length(max=1000))


class NewPassword(Schema):
    password = fields.String(required=True)
    present = fields.String(load_default=None, allow_none=True)


class SignIn(Schema):
    username = fields.String(load_default=None)
    password = fields.String(load_default=None, validate=validate.Length(max=1000))
    token = fields.String(load_default=None, validate=validate.Length(max=10_000))


class NewToken(Schema):
    name = fields.String(required=True, validate=_NAME)
    user = fields.String(load_default=None)
    scope = fields.String(load_default=WRITE, validate=validate.OneOf([READ, WRITE]))
    archives = fields.List(fields.String(), load_default=None, allow_none=True, validate=_ARCHIVES)
    expires = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)


class NewMember(Schema):
    user = fields.String(required=True)
    role = fields.Enum(Role, by_value=True, required=True)


class NewRequest(Schema):
    message = fields.String(load_default="", validate=_MESSAGE)
    terms_version = fields.Integer(load_default=0, strict=True)


class Rejection(Schema):
    reason = fields.String(load_default="", validate=_MESSAGE)


class ChangedAdmission(Schema):
    handling = fields.Enum(Handling, by_value=True)
    terms = fields.String(validate=_TERMS)
    organisations = fields.List(fields.String(), validate=validate.Length(max=100))


class ChangedOrganisation(Schema):
    title = fields.String(validate=_NAME)
    website = fields.Url(schemes={"https", "http"}, validate=_LINE)
    country = fields.String(validate=validate.Regexp("^([A-Z]{2})?$"))
    logo = fields.Url(schemes={"https"}, validate=_LINE)
    page = fields.String(validate=_TERMS)


class NewOrganisation(ChangedOrganisation):
    slug = fields.String(required=True)
    title = fields.String(required=True, validate=_NAME)


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


class WhoseToken(Schema):
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
        "verified": user.verified,
        "active": user.active,
        "creates_archives": user.creates_archives,
        "email": user.email,
        "mail": user.mail.value,
        "muted": user.muted,
        "organisations": user.organisations,
        "created": to_text(user.created_at),
    }


def show_person(person: Person) -> dict[str, Any]:
    return {"pk": person.id, "username": person.username}


def show_token(token: Token) -> dict[str, Any]:
    return {
        "pk": token.id,
        "name": token.name,
        "ending": token.ending,
        "scope": WRITE if token.writes else READ,
        "archives": token.archives,
        "created": to_text(token.created_at),
        "expires": token.expires_at and to_text(token.expires_at),
        "last_used": token.last_used_at and to_text(token.last_used_at),
    }


def show_member(user: User, roles: Sequence[Role]) -> dict[str, Any]:
    return {"user": user.id, "username": user.username, "roles": [role.value for role in roles]}


def show_admission(admission: Admission) -> dict[str, Any]:
    return {
        "handling": admission.handling.value,
        "terms": admission.terms,
        "terms_version": admission.terms_version,
        "organisations": admission.organisations,
    }


def show_request(request: AccessRequest) -> dict[str, Any]:
    return {
        "pk": request.id,
        "archive": request.archive,
        "user": show_person(request.user),
        "state": request.state.value,
        "message": request.asking.message,
        "terms_version": request.asking.terms_version,
        "reason": request.reason,
        "requested": to_text(request.requested_at),
        "decided": request.decided_at and to_text(request.decided_at),
    }


def show_notification(notification: Notification) -> dict[str, Any]:
    return {
        "pk": notification.id,
        "kind": notification.kind,
        "archive": notification.archive,
        "actor": show_person(notification.actor),
        "subject": show_person(notification.subject),
        "text": notification.text,
        "created": to_text(notification.at),
        "read": notification.read,
    }


def show_organisation(organisation: Organisation) -> dict[str, Any]:
    return {
        "pk": organisation.id,
        "slug": organisation.slug,
        "title": organisation.title,
        "website": organisation.website,
        "country": organisation.country,
        "logo": organisation.logo,
        "page": organisation.page,
    }


def show_act(act: Act) -> dict[str, Any]:
    return {
        "pk": act.id,
        "at": to_text(act.at),
        "actor": show_person(act.actor),
        "action": act.action,
        "archive": act.archive,
        "subject": act.subject and show_person(act.subject),
        "details": act.details,
    }


def show_caller(caller: Caller | None) -> dict[str, Any] | None:
    if caller is None:
        return None
    return asdict(caller) | {"archives": None if caller.archives is None else sorted(caller.archives)}


def show_standing(standing: Standing) -> dict[str, Any]:
    """Return a standing with its archives grouped by what may be done with them."""
    groups: dict[frozenset[Action], list[str]] = {}
    for archive, actions in standing.roles.items():
        groups.setdefault(actions, []).append(archive)
    return {
        "caller": show_caller(standing.caller),
        "roles": [{"actions": sorted(actions), "archives": sorted(each)} for actions, each in groups.items()],
        "public": sorted(standing.public),
        "general": sorted(standing.general),
        "power": sorted(standing.power),
    }
