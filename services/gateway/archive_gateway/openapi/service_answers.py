"""What permissions, ingest, the tiler and the feed answer with."""

from archive_gateway.openapi.json_schema import (
    FLAG,
    LINK,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    WHOLE,
    JsonSchema,
    by_name,
    extended,
    listed,
    maybe,
    named,
    of_record,
    one_of,
    thing,
)
from archive_shared.jobs.job import JobState
from ingest_worker.domain.session import Progress, SessionStatus
from ingest_worker.domain.session_report import RejectedFile
from ingest_worker.domain.upload import UploadStatus
from permissions.domain.admission import Handling
from permissions.domain.request import State
from permissions.domain.role import Role
from permissions.domain.user import Mail

_PERSON = thing(pk=TEXT, username=TEXT)
_WEBHOOK = thing(
    pk=TEXT,
    api_url=LINK,
    url=LINK,
    types=listed(TEXT),
    archive=maybe(TEXT),
    active=FLAG,
    reason=TEXT,
    created=TIME,
)
_TOKEN = thing(
    pk=TEXT,
    name=TEXT,
    ending=TEXT,
    scope=one_of(["read", "write"]),
    archives=maybe(listed(TEXT)),
    created=TIME,
    expires=maybe(TIME),
    last_used=maybe(TIME),
)
_REQUEST = thing(
    pk=TEXT,
    archive=TEXT,
    user=_PERSON,
    state=one_of(State),
    message=TEXT,
    terms_version=WHOLE,
    reason=TEXT,
    requested=TIME,
    decided=maybe(TIME),
)
_ADMISSION = thing(handling=one_of(Handling), terms=TEXT, terms_version=WHOLE, organisations=listed(TEXT))
_PEOPLE: dict[str, JsonSchema] = {
    "User": thing(
        pk=TEXT,
        username=TEXT,
        number=WHOLE,
        administrator=FLAG,
        verified=FLAG,
        active=FLAG,
        creates_archives=FLAG,
        email=TEXT,
        mail=one_of(Mail),
        muted=listed(TEXT),
        organisations=listed(TEXT),
        created=TIME,
    ),
    "People": thing(results=listed(_PERSON)),
    "Token": _TOKEN,
    "IssuedToken": extended(_TOKEN, token=TEXT)
    | {"description": "The only answer that holds the token itself."},
    "Member": thing(user=TEXT, username=TEXT, roles=listed(one_of(Role))),
    "Admission": _ADMISSION,
    "OwnAdmission": extended(_ADMISSION, request=maybe(named("AccessRequest"))),
    "AccessRequest": _REQUEST,
    "Notification": thing(
        pk=TEXT,
        kind=TEXT,
        archive=maybe(TEXT),
        actor=_PERSON,
        subject=_PERSON,
        text=TEXT,
        created=TIME,
        read=FLAG,
    ),
    "Organisation": thing(pk=TEXT, slug=TEXT, title=TEXT, website=TEXT, country=TEXT, logo=TEXT, page=TEXT),
    "Act": thing(
        pk=TEXT,
        at=TIME,
        actor=_PERSON,
        action=TEXT,
        archive=maybe(TEXT),
        subject=maybe(_PERSON),
        details=by_name(TEXT),
    ),
}

_UPLOAD = thing(
    pk=TEXT,
    created=TIME,
    filename=TEXT,
    key=TEXT,
    s3_upload_id=TEXT,
    status=one_of(UploadStatus),
    size_bytes=maybe(WHOLE),
    removed=maybe(TIME),
    api_url=LINK,
)
_IMPORT: dict[str, JsonSchema] = {
    "Upload": _UPLOAD,
    "SignedUpload": extended(_UPLOAD, presigned_urls=by_name(LINK)),
    "UploadWithParts": extended(_UPLOAD, parts=listed(thing(ETag=TEXT, PartNumber=WHOLE, Size=WHOLE))),
    "UploadSession": thing(
        pk=TEXT,
        created=TIME,
        creator=WHOLE,
        archive=maybe(TEXT),
        status=one_of(SessionStatus),
        error_message=maybe(TEXT),
        image_set=listed(LINK),
        api_url=LINK,
        user_uploads=listed(TEXT),
        uploads=listed(LINK),
        deidentify=FLAG,
        progress=of_record(Progress),
        report=thing(
            images=listed(
                thing(
                    pk=TEXT,
                    name=TEXT,
                    sources=listed(TEXT),
                    source_count=WHOLE,
                    removed=listed(TEXT),
                    notes=listed(TEXT),
                    item=TEXT,
                    socket=TEXT,
                )
            ),
            image_count=WHOLE,
            rejected=listed(of_record(RejectedFile)),
            rejected_count=WHOLE,
        ),
    ),
    "Placements": thing(files=listed(thing(file=TEXT, item=TEXT, socket=TEXT))),
}

_SIZE = {"width": WHOLE, "height": WHOLE}
_PICTURES: dict[str, JsonSchema] = {
    "Pyramid": thing(
        **_SIZE,
        tile_size=WHOLE,
        format=one_of(["jpeg", "png"]),
        zoom_levels=WHOLE,
        pixel_width_um=maybe(NUMBER),
        pixel_height_um=maybe(NUMBER),
        magnification=maybe(NUMBER),
        vendor=maybe(TEXT),
        route=maybe(TEXT),
        background=maybe(TEXT),
        bounds=maybe(thing(x=WHOLE, y=WHOLE, **_SIZE)),
        icc_profile=FLAG,
        levels=listed(thing(**_SIZE, downsample=NUMBER)),
    ),
    "Volume": thing(
        size=listed(WHOLE),
        spacing_mm=listed(NUMBER),
        times=WHOLE,
        channels=WHOLE,
        labels=FLAG,
        window=maybe(thing(center=NUMBER, width=NUMBER)),
        format=TEXT,
        planes=listed(
            thing(
                axis=one_of("xyz"),
                name=one_of(["axial", "coronal", "sagittal"]),
                count=WHOLE,
                **_SIZE,
                pixel_width_mm=NUMBER,
                pixel_height_mm=NUMBER,
                towards=one_of("LRPAHF"),
            )
        ),
        slices=TEXT,
    ),
    "TilePass": {
        "type": "object",
        "properties": {"pass": TEXT, "expires_at": TIME, "tiles": TEXT, "iiif": TEXT, "slices": TEXT},
        "required": ["expires_at", "pass"],
        "description": "`tiles` and `iiif` of a slide, `slices` of a volume.",
    },
    "ConversionProgress": thing(stage=TEXT, done=NUMBER, reason=TEXT),
    "Associated": thing(results=listed(thing(name=TEXT, **_SIZE, url=LINK))),
    "IiifInfo": OBJECT | {"description": "https://iiif.io/api/image/3.0/#5-image-information"},
}

_FEED: dict[str, JsonSchema] = {
    "Webhook": _WEBHOOK,
    "WebhookWithSecret": extended(_WEBHOOK, secret=TEXT)
    | {"description": "The only answers that hold the secret deliveries are signed with."},
    "Delivery": thing(
        pk=TEXT,
        event=TEXT,
        type=TEXT,
        state=one_of(JobState),
        reason=TEXT,
        created=TIME,
        ended=maybe(TIME),
        next_attempt=maybe(TIME),
        attempts=listed(thing(at=TIME, status=maybe(WHOLE), duration_ms=WHOLE, reason=TEXT)),
    ),
    "Events": thing(
        events=listed(
            thing(
                specversion=TEXT,
                id=TEXT,
                type=TEXT,
                source=TEXT,
                subject=TEXT,
                time=TIME,
                sequence=TEXT,
                datacontenttype=TEXT,
                data=OBJECT,
            )
        ),
        cursor=TEXT,
        more=FLAG,
    ),
}

SERVICE_ANSWERS = _PEOPLE | _IMPORT | _PICTURES | _FEED
