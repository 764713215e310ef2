"""What answers look like, as JSON Schema; fields may be added to any of them."""

from typing import Any

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
NUMBER: JsonSchema = {"type": "integer"}
FLAG: JsonSchema = {"type": "boolean"}
LINK: JsonSchema = {"type": "string", "format": "uri"}
TIME: JsonSchema = {"type": "string", "format": "date-time"}
ANYTHING: JsonSchema = {"type": "object"}


def thing(**fields: JsonSchema) -> JsonSchema:
    """Return the schema of an object that has these fields at least."""
    return {"type": "object", "properties": fields, "required": sorted(fields)}


def listed(element: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": element}


def maybe(schema: JsonSchema) -> JsonSchema:
    """Return the schema of what may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def page_of(name: str) -> JsonSchema:
    """Return the schema of a page of a list of things that have a schema of their own."""
    return thing(count=maybe(NUMBER), next=maybe(LINK), previous=maybe(LINK), results=listed(named(name)))


def named(name: str) -> JsonSchema:
    return {"$ref": f"#/components/schemas/{name}"}


_PERSON = thing(pk=TEXT, username=TEXT)
_STATE: JsonSchema = {"type": "string", "enum": ["pending", "ready", "failed"]}

SCHEMAS: dict[str, JsonSchema] = {
    "Problem": thing(type=TEXT, title=TEXT, status=NUMBER, detail=TEXT)
    | {"description": "RFC 9457. `errors` holds reasons by field of the request."},
    "Archive": thing(
        pk=TEXT,
        slug=TEXT,
        title=TEXT,
        description=TEXT,
        public=FLAG,
        logo=TEXT,
        created=TIME,
        modified=TIME,
        api_url=LINK,
        url=LINK,
    ),
    "Item": thing(
        pk=TEXT,
        title=TEXT,
        archive=LINK,
        state=_STATE,
        reason=TEXT,
        created=TIME,
        modified=TIME,
        api_url=LINK,
        values=listed(thing(pk=NUMBER, file=maybe(LINK), image=maybe(LINK))),
    ),
    "Image": thing(
        pk=TEXT,
        name=TEXT,
        api_url=LINK,
        created=TIME,
        files=listed(thing(pk=TEXT, file=LINK, image_type=TEXT, size_bytes=NUMBER, sha256=TEXT)),
        shape=listed(NUMBER),
        patient_id=TEXT,
        state=_STATE,
    ),
    "Socket": thing(pk=NUMBER, slug=TEXT, title=TEXT, kind=TEXT, super_kind=TEXT, schema=ANYTHING),
    "Task": thing(
        pk=TEXT,
        kind=TEXT,
        archive=LINK,
        state={"type": "string", "enum": ["running", "done"]},
        total=NUMBER,
        done=NUMBER,
        failed=NUMBER,
        errors=listed(thing(row=NUMBER, reasons=listed(TEXT))),
        api_url=LINK,
    ),
    "Download": thing(pk=TEXT, url=LINK, files=NUMBER, size_bytes=NUMBER, created=TIME, expires=TIME),
    "Snapshot": thing(
        pk=TEXT,
        archive=LINK,
        number=NUMBER,
        title=TEXT,
        citation=TEXT,
        doi=TEXT,
        licence=TEXT,
        item_count=NUMBER,
        sha256=TEXT,
        created=TIME,
        api_url=LINK,
    ),
    "DisplaySetting": thing(
        slug=TEXT, title=TEXT, description=TEXT, creator=TEXT, created=TIME, modified=TIME, api_url=LINK
    ),
    "FrozenItem": thing(item=TEXT, title=TEXT, version=NUMBER, values=listed(ANYTHING)),
    "AccessNote": thing(user=TEXT, username=TEXT, kind=TEXT, subject=TEXT, part=TEXT, at=TIME),
    "History": thing(results=listed(thing(action=TEXT, at=TIME))),
    "Upload": thing(pk=TEXT, filename=TEXT, s3_upload_id=TEXT, status=TEXT, api_url=LINK, created=TIME),
    "UploadSession": thing(pk=TEXT, status=TEXT, image_set=listed(LINK), api_url=LINK, report=ANYTHING),
    "User": thing(pk=TEXT, username=TEXT, administrator=FLAG, verified=FLAG, active=FLAG, created=TIME),
    "Person": _PERSON,
    "Token": thing(pk=TEXT, name=TEXT, ending=TEXT, scope=TEXT, created=TIME),
    "Member": thing(user=TEXT, username=TEXT, roles=listed(TEXT)),
    "Admission": thing(handling=TEXT, terms=TEXT, terms_version=NUMBER, organisations=listed(TEXT)),
    "AccessRequest": thing(pk=TEXT, archive=TEXT, user=_PERSON, state=TEXT, message=TEXT, requested=TIME),
    "Notification": thing(pk=TEXT, kind=TEXT, archive=TEXT, text=TEXT, created=TIME, read=FLAG),
    "Organisation": thing(pk=TEXT, slug=TEXT, title=TEXT, website=TEXT),
    "Act": thing(pk=TEXT, at=TIME, actor=_PERSON, action=TEXT),
    "Webhook": thing(pk=TEXT, url=LINK, types=listed(TEXT), active=FLAG, created=TIME, api_url=LINK),
    "Delivery": thing(pk=TEXT, event=TEXT, type=TEXT, state=TEXT, attempts=listed(ANYTHING)),
    "Events": thing(events=listed(ANYTHING), cursor=TEXT, more=FLAG),
}
