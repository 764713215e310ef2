"""How answers of an S3 server are read, for those a well server does not give."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from urllib3 import HTTPResponse, PoolManager
from urllib3.exceptions import ProtocolError

from archive_shared.blobs.s3_multipart import S3Multipart
from archive_shared.errors import ArchiveSystemError, Invalid, NotFound, Unavailable

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class ScriptedServer(PoolManager):
    """Answers every request with the next answer of a script, and remembers what was asked."""

    def __init__(self, *script: tuple[int, bytes] | Exception) -> None:
        super().__init__()
        self._script = list(script)
        self.asked: list[str] = []

    def request(self, method: str, url: str, *_args: Any, **_options: Any) -> HTTPResponse:
        self.asked.append(f"{method} {url}")
        answer = self._script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return HTTPResponse(body, status=status, headers={"ETag": '"etag"'})


def uploads_on(server: ScriptedServer) -> S3Multipart:
    def sign(_method: str, key: str, query: Mapping[str, str]) -> str:
        return f"{key}?{'&'.join(f'{name}={value}' for name, value in query.items())}"

    return S3Multipart(sign, server)


def error(code: str, namespace: str = "") -> bytes:
    return f"<?xml version='1.0'?><Error {namespace}><Code>{code}</Code><Message>m</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, error("InternalError"), Unavailable),
        (200, b"  \n" + error("InvalidPart").partition(b"?>")[2], Invalid),
        (404, error("NoSuchUpload"), NotFound),
        (404, error("NoSuchUpload", NAMESPACE), NotFound),
        (400, error("EntityTooSmall"), Invalid),
        (400, error("InvalidPartOrder"), Invalid),
        (403, error("AccessDenied"), Unavailable),
        (404, error("NoSuchBucket"), Unavailable),
        (503, error("SlowDown"), Unavailable),
        (507, error("XMinioStorageFull"), Unavailable),
        (502, b"<html><body>Bad gateway<br></body></html>", Unavailable),
        (500, b"", Unavailable),
        (301, b"", Unavailable),
        (200, b"not xml at all", Unavailable),
    ],
)
def test_finishing_fails_as_the_answer_says(status: int, body: bytes, kind: type[ArchiveSystemError]) -> None:
    uploads = uploads_on(ScriptedServer((status, body)))

    with pytest.raises(kind):
        uploads.finish("key", "upload", [(1, "etag")])


def test_finishing_succeeds_with_or_without_a_namespace() -> None:
    done = (
        f"<CompleteMultipartUploadResult {NAMESPACE}><Key>key</Key></CompleteMultipartUploadResult>".encode()
    )
    server = ScriptedServer((200, done), (200, b"<CompleteMultipartUploadResult/>"))

    uploads_on(server).finish("key", "upload", [(1, "etag")])
    uploads_on(server).finish("key", "upload", [(1, "etag")])

    assert server.asked == ["POST key?uploadId=upload"] * 2


CALLS: list[Callable[[S3Multipart], object]] = [
    lambda uploads: uploads.begin("key"),
    lambda uploads: uploads.put_part("key", "upload", 1, b"data"),
    lambda uploads: uploads.parts("key", "upload"),
    lambda uploads: uploads.finish("key", "upload", [(1, "etag")]),
    lambda uploads: uploads.abort("key", "upload"),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_broken_connection_is_unavailable_and_nothing_is_repeated(
    call: Callable[[S3Multipart], object],
) -> None:
    server = ScriptedServer(ProtocolError("Connection aborted."))

    with pytest.raises(Unavailable):
        call(uploads_on(server))

    assert len(server.asked) == 1


def test_an_answer_that_lacks_what_was_asked_for_is_unavailable() -> None:
    server = ScriptedServer((200, b"<InitiateMultipartUploadResult/>"), (200, b"<ListPartsResult/>"))

    with pytest.raises(Unavailable):
        uploads_on(server).begin("key")
    with pytest.raises(Unavailable):
        uploads_on(server).parts("key", "upload")


def test_pages_of_parts_are_asked_for_until_the_last() -> None:
    def page(numbers: list[int], following: int | None) -> bytes:
        parts = "".join(
            f"<Part><PartNumber>{n}</PartNumber><ETag>&quot;e{n}&quot;</ETag><Size>{n}</Size></Part>"
            for n in numbers
        )
        tail = f"<IsTruncated>{'true' if following else 'false'}</IsTruncated>"
        tail += f"<NextPartNumberMarker>{following or 0}</NextPartNumberMarker>"
        return f"<ListPartsResult {NAMESPACE}>{tail}{parts}</ListPartsResult>".encode()

    server = ScriptedServer((200, page([1, 4], 4)), (200, page([9], None)))

    parts = uploads_on(server).parts("key", "upload")

    assert [(part.number, part.etag, part.size_bytes) for part in parts] == [
        (1, '"e1"', 1),
        (4, '"e4"', 4),
        (9, '"e9"', 9),
    ]
    assert [asked.partition("max-parts=1000")[2] for asked in server.asked] == ["", "&part-number-marker=4"]
