"""Publications: described by hand or by a record in CSL JSON, and shown with the archives that refer to them."""

from typing import Any

import pytest

from tests.support.archive_service import Answer, ArchiveService

PUBLICATIONS = "/api/v1/publications/"
RECORD = {
    "type": "article-journal",
    "title": "On lungs",
    "author": [{"given": "Ada", "family": "Lovelace"}, {"literal": "The Lung Group"}],
    "issued": {"date-parts": [[2026, 3, 1]]},
    "container-title": "Journal of Lungs",
    "DOI": "10.1000/LUNGS",
    "abstract": "is not kept",
}


def describe(service: ArchiveService, token: str, **said: Any) -> Answer:
    return service.call("POST", PUBLICATIONS, token, json=said)


@pytest.fixture
def other(service: ArchiveService) -> str:
    return service.people.add_person("other")


def test_a_publication_is_taken_from_a_record_in_csl_json(service: ArchiveService, editor: str) -> None:
    answer = describe(service, editor, csl=RECORD)

    made = answer.json
    assert answer.status_code == 201
    del made["pk"], made["created"], made["modified"], made["api_url"]
    assert made == {
        "identifier": "10.1000/lungs",
        "url": "https://doi.org/10.1000/lungs",
        "title": "On lungs",
        "authors": ["Ada Lovelace", "The Lung Group"],
        "year": 2026,
        "journal": "Journal of Lungs",
        "citation": "Ada Lovelace, The Lung Group (2026). On lungs. Journal of Lungs. https://doi.org/10.1000/lungs",
    }


def test_what_is_sent_beside_a_record_counts_more(service: ArchiveService, editor: str) -> None:
    made = describe(service, editor, csl=[RECORD], identifier="pmid:123", citation="Ada, On lungs").json

    assert (made["identifier"], made["title"]) == ("pmid:123", "On lungs")
    assert (made["url"], made["citation"]) == ("https://pubmed.ncbi.nlm.nih.gov/123/", "Ada, On lungs")


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"identifier": "10.1000/1"}, "title"),
        ({"title": "On lungs"}, "identifier"),
        ({"identifier": "123", "title": "x"}, "identifier"),
        ({"identifier": "pmid:0", "title": "x"}, "identifier"),
        ({"identifier": "10.1000/1", "title": "x", "year": 99}, "year"),
        ({"identifier": "10.1000/1", "title": "x", "authors": [""]}, "authors.0"),
        ({"csl": "a text"}, "csl"),
        ({"csl": [RECORD, RECORD]}, "csl"),
        ({"csl": {"title": ["x"], "author": "Ada", "issued": {"date-parts": []}}}, "identifier"),
    ],
)
def test_what_describes_no_publication_is_refused_by_name(
    service: ArchiveService, editor: str, said: dict[str, Any], wrong: str
) -> None:
    answer = describe(service, editor, **said)

    assert (answer.status_code, set(answer.json["errors"])) == (400, {wrong})


def test_a_publication_is_described_once_and_found_by_any_spelling(
    service: ArchiveService, editor: str, other: str
) -> None:
    describe(service, editor, csl=RECORD)
    again = describe(service, other, identifier="https://doi.org/10.1000/lungs", title="x")
    found = service.call("GET", f"{PUBLICATIONS}?identifier=doi:10.1000/LUNGS", other).json

    assert again.status_code == 400
    assert [each["title"] for each in found["results"]] == ["On lungs"]
    assert service.call("GET", f"{PUBLICATIONS}?identifier=10.1000/2", other).json["count"] == 0


def test_only_who_described_a_publication_and_administrators_change_it(
    service: ArchiveService, editor: str, other: str
) -> None:
    root = service.people.add_person("root", administrator=True)
    path = describe(service, editor, csl=RECORD).json["api_url"]

    assert service.call("PATCH", path, other, json={"title": "x"}).status_code == 403
    assert service.call("DELETE", path, other).status_code == 403
    assert service.call("PATCH", path, root, json={"year": None}).json["year"] is None
    changed = service.call("PATCH", path, editor, json={"title": "On two lungs"}).json
    assert (changed["title"], changed["journal"]) == ("On two lungs", "Journal of Lungs")
    assert service.call("PATCH", path, editor, json={"identifier": "10.1000/2"}).status_code == 400


def test_archives_show_what_is_known_of_their_publications(service: ArchiveService, editor: str) -> None:
    described = describe(service, editor, csl=RECORD).json
    settings = {"title": "Chest CT", "public": True, "publications": ["10.1000/lungs", "2101.00001"]}
    archive = service.call("POST", "/api/v1/archives/", editor, json=settings).json

    for shown in (
        service.call("GET", archive["api_url"]).json,
        service.call("GET", "/api/v1/archives/").json["results"][0],
    ):
        known, unknown = shown["publications"]
        assert known["citation"] == described["citation"]
        assert (unknown["url"], unknown["title"]) == ("https://arxiv.org/abs/2101.00001", "")

    assert service.call("DELETE", described["api_url"], editor).status_code == 204
    [known, _] = service.call("GET", archive["api_url"]).json["publications"]
    assert (known["identifier"], known["title"]) == ("10.1000/lungs", "")


def test_nobody_reads_publications_without_a_token(service: ArchiveService) -> None:
    assert service.call("GET", PUBLICATIONS).status_code == 401
