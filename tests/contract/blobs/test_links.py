"""Signed links, used by a client outside that has nothing else."""

import hashlib
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from urllib3 import BaseHTTPResponse, PoolManager

from archive_shared.blobs import BlobStore
from archive_shared.errors import NotFound

KEY = "images/é ü+%&/a.mha"
LIFETIME_S = 60


@pytest.fixture
def link(store: BlobStore) -> str:
    store.put(KEY, b"0123456789")
    return store.sign_download(KEY, lifetime_s=LIFETIME_S)


def test_a_link_reads_the_object(http: PoolManager, link: str) -> None:
    answer = http.request("GET", link)

    assert (answer.status, answer.data) == (200, b"0123456789")
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Content-Disposition" not in answer.headers


def test_a_link_reads_large_and_empty_objects(store: BlobStore, http: PoolManager) -> None:
    large = bytes(range(256)) * (9 << 12)
    store.put("large", large)
    store.put("empty", b"")

    assert http.request("GET", store.sign_download("large", lifetime_s=LIFETIME_S)).data == large
    empty = http.request("GET", store.sign_download("empty", lifetime_s=LIFETIME_S))
    assert (empty.status, empty.data) == (200, b"")


def test_a_link_works_more_than_once(http: PoolManager, link: str) -> None:
    assert [http.request("GET", link).status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("asked", "body", "told"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-100", b"89", "bytes 8-9/10"),
    ],
)
def test_a_link_reads_a_range(http: PoolManager, link: str, asked: str, body: bytes, told: str) -> None:
    answer = http.request("GET", link, headers={"Range": asked})

    assert (answer.status, answer.data) == (206, body)
    assert answer.headers["Content-Range"] == told


def test_a_range_behind_the_end_is_refused(http: PoolManager, link: str) -> None:
    assert http.request("GET", link, headers={"Range": "bytes=10-"}).status == 416


def test_a_known_version_is_not_sent_again(http: PoolManager, link: str) -> None:
    etag = http.request("GET", link).headers["ETag"]

    assert http.request("GET", link, headers={"If-None-Match": etag}).status == 304
    assert http.request("GET", link, headers={"If-None-Match": '"other"'}).status == 200


def test_another_version_has_another_etag(store: BlobStore, http: PoolManager, link: str) -> None:
    before = http.request("GET", link).headers["ETag"]

    store.put(KEY, b"9876543210")

    assert http.request("GET", link).headers["ETag"] != before


def test_a_range_of_another_version_is_the_whole_object(http: PoolManager, link: str) -> None:
    etag = http.request("GET", link).headers["ETag"]

    same = http.request("GET", link, headers={"Range": "bytes=2-4", "If-Range": etag})
    other = http.request("GET", link, headers={"Range": "bytes=2-4", "If-Range": '"other"'})

    assert (same.status, same.data) == (206, b"234")
    assert other.status in {200, 206}  # MinIO does not know If-Range


def test_type_and_name_are_those_signed(store: BlobStore, http: PoolManager) -> None:
    store.put("key", b"")
    name = 'Schädel "1"\r\nX-Evil: yes; 日本.nii.gz'

    link = store.sign_download("key", lifetime_s=LIFETIME_S, filename=name, content_type="image/png")
    headers = http.request("GET", link).headers

    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"] == (
        'attachment; filename="Sch_del _1___X-Evil_ yes_ __.nii.gz"; '
        "filename*=UTF-8''Sch%C3%A4del%20%221%22%0D%0AX-Evil%3A%20yes%3B%20%E6%97%A5%E6%9C%AC.nii.gz"
    )
    assert "X-Evil" not in headers


def test_a_link_to_nothing_is_not_found(store: BlobStore, http: PoolManager) -> None:
    assert http.request("GET", store.sign_download("missing", lifetime_s=LIFETIME_S)).status == 404


def test_a_part_goes_through_a_link(store: BlobStore, http: PoolManager) -> None:
    upload = store.begin_upload(KEY)
    data = bytes(range(256)) * (5 << 12)

    answers = [
        http.request("PUT", store.sign_part(KEY, upload, number, lifetime_s=LIFETIME_S), body=body)
        for number, body in ((1, data), (2, b"tail"), (3, b""))
    ]

    assert [answer.status for answer in answers] == [200, 200, 200]
    etags = [answer.headers["ETag"] for answer in answers]
    assert etags[0] == f'"{hashlib.md5(data).hexdigest()}"'
    assert [part.etag for part in store.parts(KEY, upload)] == etags
    store.finish_upload(KEY, upload, [(1, etags[0]), (2, etags[1])])
    assert store.read(KEY) == data + b"tail"


def test_the_type_a_client_sends_with_a_part_does_not_matter(store: BlobStore, http: PoolManager) -> None:
    upload = store.begin_upload("key")
    link = store.sign_part("key", upload, 1, lifetime_s=LIFETIME_S)

    answer = http.request(
        "PUT", link, body=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status == 200
    assert store.parts("key", upload)[0].size_bytes == 3


def test_a_part_for_an_upload_that_is_over_is_not_found(store: BlobStore, http: PoolManager) -> None:
    upload = store.begin_upload("key")
    link = store.sign_part("key", upload, 1, lifetime_s=LIFETIME_S)
    store.abort_upload("key", upload)

    assert http.request("PUT", link, body=b"late").status == 404


@pytest.mark.parametrize("lifetime_s", [0, -1, 7 * 24 * 3600 + 1])
def test_lifetimes_beyond_reason_are_errors_of_the_program(store: BlobStore, lifetime_s: int) -> None:
    with pytest.raises(ValueError, match="seconds"):
        store.sign_download("key", lifetime_s=lifetime_s)
    with pytest.raises(ValueError, match="seconds"):
        store.sign_part("key", "upload", 1, lifetime_s=lifetime_s)


# --- Refusals ------------------------------------------------------------------------------------------------------


def is_refused(answer: BaseHTTPResponse) -> bool:
    return answer.status == 403 and b"0123456789" not in answer.data


def test_links_stop_working_in_time(store: BlobStore, http: PoolManager) -> None:
    store.put(KEY, b"0123456789")
    upload = store.begin_upload(KEY)
    read = store.sign_download(KEY, lifetime_s=1)
    write = store.sign_part(KEY, upload, 1, lifetime_s=1)

    time.sleep(2.1)  # the server's own clock, to the second: nothing to fix here

    assert is_refused(http.request("GET", read))
    assert is_refused(http.request("PUT", write, body=b"late"))
    assert store.parts(KEY, upload) == []


def test_somebody_without_the_secret_cannot_sign(
    store: BlobStore, impostor: BlobStore, http: PoolManager
) -> None:
    store.put(KEY, b"0123456789")
    upload = store.begin_upload(KEY)

    assert is_refused(http.request("GET", impostor.sign_download(KEY, lifetime_s=LIFETIME_S)))
    forged = impostor.sign_part(KEY, upload, 1, lifetime_s=LIFETIME_S)
    assert is_refused(http.request("PUT", forged, body=b"forged"))
    assert store.parts(KEY, upload) == []


def test_an_address_without_a_signature_is_refused(http: PoolManager, link: str) -> None:
    assert is_refused(http.request("GET", link.partition("?")[0]))


def test_no_value_of_a_link_may_change(store: BlobStore, http: PoolManager) -> None:
    store.put(KEY, b"0123456789")
    link = store.sign_download(KEY, lifetime_s=LIFETIME_S, filename="a.mha", content_type="image/png")
    query = parse_qsl(urlsplit(link).query)
    assert query

    for index, (name, value) in enumerate(query):
        if name not in {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders"}:  # 400 on S3
            changed = [*query[:index], (name, _changed(value)), *query[index + 1 :]]
            assert http.request("GET", _with_query(link, changed)).status in {400, 403}, name
        missing = [*query[:index], *query[index + 1 :]]
        assert http.request("GET", _with_query(link, missing)).status in {400, 403}, name


def test_nothing_may_be_added_to_a_link(http: PoolManager, link: str) -> None:
    assert is_refused(http.request("GET", link + "&more=1"))
    assert is_refused(http.request("GET", link + "&response-content-type=text%2Fhtml&type=text%2Fhtml"))


def test_a_link_is_for_one_object(store: BlobStore, http: PoolManager, link: str) -> None:
    store.put("images/other", b"0123456789")
    path = urlsplit(link).path

    assert is_refused(
        http.request("GET", link.replace(path, path.rpartition("/images/")[0] + "/images/other"))
    )


def test_a_link_for_reading_does_not_write(store: BlobStore, http: PoolManager, link: str) -> None:
    assert is_refused(http.request("PUT", link, body=b"overwritten"))
    for method in ("DELETE", "POST", "PATCH"):
        assert http.request(method, link, body=b"").status in {400, 403, 405}
    assert store.read(KEY) == b"0123456789"


def test_a_link_for_a_part_does_not_read(store: BlobStore, http: PoolManager) -> None:
    store.put(KEY, b"0123456789")
    upload = store.begin_upload(KEY)

    assert is_refused(http.request("GET", store.sign_part(KEY, upload, 1, lifetime_s=LIFETIME_S)))


def test_a_link_for_a_part_is_for_one_number_of_one_upload(store: BlobStore, http: PoolManager) -> None:
    mine, other = store.begin_upload(KEY), store.begin_upload(KEY)
    link = store.sign_part(KEY, mine, 1, lifetime_s=LIFETIME_S)
    query = dict(parse_qsl(urlsplit(link).query))

    for name in ("part", "partNumber"):
        if name in query:
            assert is_refused(
                http.request("PUT", _with_query(link, [*(query | {name: "2"}).items()]), body=b"x")
            )
    for name in ("upload", "uploadId"):
        if name in query:
            assert is_refused(
                http.request("PUT", _with_query(link, [*(query | {name: other}).items()]), body=b"x")
            )

    assert store.parts(KEY, mine) == store.parts(KEY, other) == []
    with pytest.raises(NotFound):
        store.stat(KEY)


def _changed(value: str) -> str:
    last = value[-1]
    return value[:-1] + ("1" if last != "1" else "2")


def _with_query(link: str, query: list[tuple[str, str]]) -> str:
    return f"{link.partition('?')[0]}?{urlencode(query)}"
