"""What a script does with the public client; run by the interpreter the client is installed for, not by pytest.

`python gcapi_flows.py <base url> <token> <folder>` does every flow against a running platform and prints, as JSON,
"ok" or the traceback of each. The folder holds the files named below. Only the client and the standard library.
"""

import json
import sys
import time
import traceback
from itertools import islice
from pathlib import Path
from uuid import uuid4

import httpx
from gcapi import Client, SocketValueSpec
from gcapi.exceptions import MultipleObjectsReturned, ObjectNotFound

WAIT_S = 120
IMAGE, SCORE, REPORT, NOTES = "generic-medical-image", "cancer-score", "report-pdf", "reader-notes"
FLOWS = {}


def flow(function):
    FLOWS[function.__name__] = function
    return function


class Scripts:
    """The client, and an archive of its own for every flow."""

    def __init__(self, url, token, folder):
        self.client = Client(token=token, base_url=url)
        self.url, self.token, self.folder = url, token, Path(folder)

    def new_archive(self):
        title = f"Archive {uuid4()}"
        return self.client(method="POST", path="archives/", json={"title": title, "description": ""})

    def add(self, archive, *values, title=None):
        return self.client.add_case_to_archive(archive_slug=archive["slug"], values=list(values), title=title)

    def wait(self, item, ready):
        """Ask for an item until it is as expected, as people have to: the client has no wait of its own."""
        give_up_at = time.monotonic() + WAIT_S
        while True:
            found = self.client.archive_items.detail(pk=item.pk)
            if ready(found):
                return found
            assert time.monotonic() < give_up_at, f"item {found} is not ready"
            time.sleep(0.25)

    def with_image(self, archive, title=None, file="ct.mha"):
        spec = SocketValueSpec(socket_slug=IMAGE, files=[self.folder / file])
        return self.wait(self.add(archive, spec, title=title), lambda item: item.values)

    def value(self, item, slug):
        return next(value for value in item.values if value.interface.slug == slug)


def refused(status, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except httpx.HTTPStatusError as error:
        answer = error.response
    else:
        raise AssertionError("it was not refused")
    assert answer.status_code == status, answer.text
    return answer.json()


def not_found(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ObjectNotFound:
        return
    raise AssertionError("it was found")


@flow
def archives_are_listed_and_found(scripts):
    archive = scripts.new_archive()
    archives = scripts.client.archives
    assert archive["pk"] in [each.pk for each in archives.iterate_all()]
    assert archives.detail(slug=archive["slug"]).pk == archive["pk"]
    assert archives.detail(pk=archive["pk"]).title == archive["title"]
    assert archives.detail(api_url=archive["api_url"]).api_url == archive["api_url"]
    assert len(archives.page(limit=1)) == 1


@flow
def what_is_not_there_is_not_found(scripts):
    client = scripts.client
    not_found(client.archives.detail, slug="no-such-archive")
    not_found(client.archives.detail, pk="foo")
    not_found(client.archives.detail, pk=str(uuid4()))
    not_found(client.archive_items.detail, pk=str(uuid4()))
    not_found(client.images.detail, pk=str(uuid4()))
    not_found(client.interfaces.detail, pk="999999")
    not_found(client.interfaces.detail, slug="no-such-socket")


@flow
def several_results_are_told_from_one(scripts):
    scripts.new_archive(), scripts.new_archive()
    try:
        scripts.client.archives.detail(unknown_parameter="ignored")
    except MultipleObjectsReturned:
        return
    raise AssertionError("one of several was taken")


@flow
def a_wrong_token_is_refused(scripts):
    stranger = Client(token="nobodys", base_url=scripts.url)
    body = refused(401, stranger.archives.page)
    assert body["detail"] == "Invalid token."


@flow
def a_case_is_uploaded_and_arrives(scripts):
    archive = scripts.new_archive()
    item = scripts.with_image(archive, title="case a")
    value = scripts.value(item, IMAGE)
    assert item.title == "case a"
    assert item.archive == archive["api_url"]
    image = scripts.client.images.detail(api_url=value.image)
    assert (image.width, image.height, image.depth) == (8, 6, 4)
    assert (image.voxel_width_mm, image.voxel_height_mm, image.voxel_depth_mm) == (0.7, 0.8, 2.5)


@flow
def several_files_become_one_image(scripts):
    files = [scripts.folder / "pair.mhd", scripts.folder / "pair.raw"]
    added = scripts.add(scripts.new_archive(), SocketValueSpec(socket_slug=IMAGE, files=files))
    item = scripts.wait(added, lambda found: found.values)
    assert len(item.values) == 1


@flow
def files_that_are_no_image_fail_with_a_reason(scripts):
    spec = SocketValueSpec(socket_slug=IMAGE, files=[scripts.folder / "notes.txt"])
    item = scripts.add(scripts.new_archive(), spec)
    give_up_at = time.monotonic() + WAIT_S
    while True:
        shown = scripts.client(method="GET", path=f"archives/items/{item.pk}/")
        if shown["state"] == "failed":
            break
        assert time.monotonic() < give_up_at, shown
        time.sleep(0.25)
    assert shown["values"] == []
    assert "None of the files could be imported." in shown["reason"]
    session = shown["arriving"][0]["upload_session"]
    found = scripts.client.raw_image_upload_sessions.detail(api_url=session)
    assert found.status == "Failed"
    assert found.error_message
    assert session in [each.api_url for each in scripts.client.raw_image_upload_sessions.iterate_all()]


@flow
def two_images_for_one_socket_are_refused(scripts):
    files = [scripts.folder / "ct.mha", scripts.folder / "other.mha"]
    item = scripts.add(scripts.new_archive(), SocketValueSpec(socket_slug=IMAGE, files=files))
    give_up_at = time.monotonic() + WAIT_S
    while (shown := scripts.client(method="GET", path=f"archives/items/{item.pk}/"))["state"] != "failed":
        assert time.monotonic() < give_up_at, shown
        time.sleep(0.25)
    assert "single image" in shown["reason"]
    assert shown["values"] == []


@flow
def values_of_every_kind_are_set_at_once(scripts):
    item = scripts.add(
        scripts.new_archive(),
        SocketValueSpec(socket_slug=SCORE, value=0.5),
        SocketValueSpec(socket_slug=REPORT, file=scripts.folder / "report.pdf"),
        SocketValueSpec(socket_slug=NOTES, value={"seen": True}),
    )
    found = scripts.wait(item, lambda each: len(each.values) == 3)
    assert scripts.value(found, SCORE).value == 0.5
    assert scripts.value(found, REPORT).file.endswith(".pdf")
    assert scripts.value(found, NOTES).file.endswith(".json")


@flow
def an_item_is_updated(scripts):
    client, archive = scripts.client, scripts.new_archive()
    item = scripts.add(archive, SocketValueSpec(socket_slug=SCORE, value=0.5), title="before")
    client.update_archive_item(
        archive_item_pk=item.pk, values=[SocketValueSpec(socket_slug=SCORE, value=0.75)], title="after"
    )
    changed = client.archive_items.detail(pk=item.pk)
    assert (changed.title, scripts.value(changed, SCORE).value) == ("after", 0.75)
    client.update_archive_item(archive_item_pk=item.pk, values=[], title="")
    assert client.archive_items.detail(pk=item.pk).title == ""
    assert scripts.value(client.archive_items.detail(pk=item.pk), SCORE).value == 0.75
    number = scripts.folder / "number.json"
    client.update_archive_item(
        archive_item_pk=item.pk, values=[SocketValueSpec(socket_slug=SCORE, file=number)]
    )
    assert scripts.value(client.archive_items.detail(pk=item.pk), SCORE).value == 0.25
    client.archive_items.update(pk=item.pk, values=[], title="put")
    assert client.archive_items.detail(pk=item.pk).values == []


@flow
def an_image_is_used_again(scripts):
    client, archive = scripts.client, scripts.new_archive()
    source = scripts.value(scripts.with_image(archive), IMAGE)
    by_url = scripts.add(archive, SocketValueSpec(socket_slug=IMAGE, existing_image_api_url=source.image))
    by_value = scripts.add(archive, SocketValueSpec(socket_slug=IMAGE, existing_socket_value=source))
    for item in (by_url, by_value):
        value = scripts.value(client.archive_items.detail(pk=item.pk), IMAGE)
        assert (value.image, value.pk) == (source.image, source.pk)


@flow
def items_are_copied_to_another_archive(scripts):
    client, target = scripts.client, scripts.new_archive()
    source = scripts.add(
        scripts.new_archive(),
        SocketValueSpec(socket_slug=SCORE, value=1.5),
        SocketValueSpec(socket_slug=REPORT, file=scripts.folder / "report.pdf"),
    )
    source = scripts.wait(source, lambda item: len(item.values) == 2)
    specs = [
        SocketValueSpec(socket_slug=value.interface.slug, existing_socket_value=value)
        for value in source.values
    ]
    copy = scripts.wait(scripts.add(target, *specs, title="copy"), lambda item: len(item.values) == 2)
    assert copy.archive == target["api_url"]
    assert scripts.value(copy, SCORE).pk == scripts.value(source, SCORE).pk
    assert len(list(client.archive_items.iterate_all(params={"archive": target["pk"]}))) == 1


@flow
def items_are_iterated_over_several_pages(scripts):
    client, archive = scripts.client, scripts.new_archive()
    for number in range(103):
        client.archive_items.create(archive=archive["api_url"], title=f"case {number}")
    titles = [item.title for item in client.archive_items.iterate_all(params={"archive": archive["pk"]})]
    assert titles == [f"case {number}" for number in range(103)]
    page = client.archive_items.page(offset=100, limit=100, params={"archive": archive["pk"]})
    assert (len(page), page.total_count) == (3, 103)
    assert len(client.archive_items.page(offset=500, limit=100, params={"archive": archive["pk"]})) == 0


@flow
def items_of_a_filter_are_iterated_to_their_end(scripts):
    archive = scripts.new_archive()
    scripts.add(archive, SocketValueSpec(socket_slug=SCORE, value=0.25), title="low")
    scripts.add(archive, SocketValueSpec(socket_slug=SCORE, value=0.75), title="high")
    params = {"archive": archive["pk"], f"value[{SCORE}][gte]": "0.5"}
    give_up_at = time.monotonic() + WAIT_S
    while not (found := list(islice(scripts.client.archive_items.iterate_all(params=params), 3))):
        assert time.monotonic() < give_up_at, "what was added is not found"
        time.sleep(0.25)
    assert [item.title for item in found] == ["high"]


@flow
def images_are_downloaded(scripts):
    client, archive = scripts.client, scripts.new_archive()
    value = scripts.value(scripts.with_image(archive), IMAGE)
    target = scripts.folder / str(uuid4())
    target.mkdir()
    [written] = client.images.download(output_directory=target, url=value.image)
    assert written.suffix == ".mha"
    assert written.read_bytes().startswith(b"ObjectType = Image")
    assert len(list(client.images.iterate_all(params={"archive": archive["pk"]}))) == 1


@flow
def values_are_downloaded(scripts):
    item = scripts.add(
        scripts.new_archive(),
        SocketValueSpec(socket_slug=SCORE, value=0.5),
        SocketValueSpec(socket_slug=REPORT, file=scripts.folder / "report.pdf"),
        SocketValueSpec(socket_slug=NOTES, value={"seen": True}),
    )
    item = scripts.wait(item, lambda each: len(each.values) == 3)
    target = scripts.folder / str(uuid4())
    target.mkdir()
    for value in item.values:
        scripts.client.download_socket_value(value, output_directory=target)
    assert (target / "report.pdf").read_bytes() == (scripts.folder / "report.pdf").read_bytes()
    assert json.loads((target / "cancer-score.json").read_text()) == 0.5
    assert json.loads((target / "reader-notes.json").read_text()) == {"seen": True}


@flow
def a_token_for_one_archive_does_all_of_this_there(scripts):
    archive, other = scripts.new_archive(), scripts.new_archive()
    theirs = scripts.with_image(other)
    issued = {"name": "one archive", "archives": [archive["pk"]]}
    token = scripts.client(method="POST", path="tokens/", json=issued)["token"]
    limited = Scripts(scripts.url, token, scripts.folder)
    client = limited.client

    item = limited.add(
        archive,
        SocketValueSpec(socket_slug=IMAGE, files=[scripts.folder / "ct.mha"]),
        SocketValueSpec(socket_slug=REPORT, file=scripts.folder / "report.pdf"),
        title="case",
    )
    value = limited.value(limited.wait(item, lambda each: len(each.values) == 2), IMAGE)

    [session] = client.raw_image_upload_sessions.iterate_all()
    assert (session.status, session.image_set) == ("Succeeded", [value.image])
    assert [each.pk for each in client.archive_items.iterate_all()] == [item.pk]
    assert [each.api_url for each in client.images.iterate_all()] == [value.image]
    target = scripts.folder / str(uuid4())
    target.mkdir()
    assert client.images.download(output_directory=target, url=value.image)
    not_found(client.archives.detail, slug=other["slug"])
    not_found(client.archive_items.detail, pk=theirs.pk)
    not_found(client.images.detail, api_url=scripts.value(theirs, IMAGE).image)


@flow
def a_file_of_several_parts_is_uploaded_whole(scripts):
    client = scripts.client
    large = scripts.folder / f"large-{uuid4()}.pdf"
    large.write_bytes(b"%PDF-1.4\n" + bytes(range(256)) * (5 * 32 * 1024 * 1024 // 256 + 1))
    item = scripts.add(scripts.new_archive(), SocketValueSpec(socket_slug=REPORT, file=large))
    value = scripts.value(scripts.wait(item, lambda each: each.values), REPORT)
    answer = client(method="GET", url=value.file, follow_redirects=True)
    assert answer.content == large.read_bytes()
    large.unlink()


@flow
def bad_values_are_refused(scripts):
    client, archive = scripts.client, scripts.new_archive()
    item = client.archive_items.create(archive=archive["api_url"])
    update = client.update_archive_item
    wrong = SocketValueSpec(socket_slug=SCORE, value="high")
    assert "schema" in str(refused(400, update, archive_item_pk=item.pk, values=[wrong]))
    nothing = SocketValueSpec(socket_slug=SCORE, value=None)
    refused(400, update, archive_item_pk=item.pk, values=[nothing])
    not_pdf = SocketValueSpec(socket_slug=REPORT, file=scripts.folder / "notes.txt")
    assert "content" in str(refused(400, update, archive_item_pk=item.pk, values=[not_pdf]))
    not_a_number = SocketValueSpec(socket_slug=SCORE, value=float("nan"))
    refused(400, update, archive_item_pk=item.pk, values=[not_a_number])
    assert client.archive_items.detail(pk=item.pk).values == []
    try:
        scripts.add(archive, SocketValueSpec(socket_slug="no-such-socket", value=1))
    except ValueError:
        return
    raise AssertionError("a socket that does not exist was taken")


@flow
def an_item_is_refused_by_its_title_and_archive(scripts):
    client, archive = scripts.client, scripts.new_archive()
    client.archive_items.create(archive=archive["api_url"], title="case")
    refused(400, client.archive_items.create, archive=archive["api_url"], title="case")
    missing = archive["api_url"].replace(archive["pk"], str(uuid4()))
    body = refused(400, client.archive_items.create, archive=missing)
    assert body["errors"] == {"archive": ["Invalid hyperlink - Object does not exist."]}


@flow
def an_item_is_deleted(scripts):
    client, archive = scripts.client, scripts.new_archive()
    item = client.archive_items.create(archive=archive["api_url"])
    client.archive_items.delete(pk=item.pk)
    not_found(client.archive_items.detail, pk=item.pk)


@flow
def sockets_are_listed_and_found(scripts):
    found = {socket.slug: socket for socket in scripts.client.interfaces.iterate_all()}
    assert {IMAGE, SCORE, REPORT, NOTES} <= found.keys()
    assert [found[slug].super_kind for slug in (IMAGE, SCORE, REPORT, NOTES)] == [
        "Image",
        "Value",
        "File",
        "File",
    ]
    assert scripts.client.interfaces.detail(pk=str(found[SCORE].pk)).slug == SCORE


@flow
def uploads_are_listed_resumed_and_aborted(scripts):
    uploads = scripts.client.uploads
    upload = uploads.create(filename="part.mha")
    links = uploads.generate_presigned_urls(
        pk=upload.pk, s3_upload_id=upload.s3_upload_id, part_numbers=[1, 2]
    )
    assert set(links.presigned_urls) == {"1", "2"}
    parts = uploads.list_parts(pk=upload.pk, s3_upload_id=upload.s3_upload_id)
    assert parts.parts == []
    assert uploads.detail(pk=upload.pk).status == "Initialized"
    assert upload.pk in [each.pk for each in uploads.iterate_all()]
    uploads.abort_multipart_upload(pk=upload.pk, s3_upload_id=upload.s3_upload_id)
    assert uploads.detail(pk=upload.pk).status == "Aborted"


def main(url, token, folder):
    scripts, outcomes = Scripts(url, token, folder), {}
    for name, function in FLOWS.items():
        try:
            function(scripts)
            outcomes[name] = "ok"
        except Exception:  # each flow is reported, whatever became of it
            outcomes[name] = traceback.format_exc()
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
