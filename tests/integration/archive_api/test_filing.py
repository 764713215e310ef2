"""What archives are filed under: modalities, structures and organisations."""

from typing import Any

import pytest

from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, ArchiveService

ARCHIVES = "/api/v1/archives/"


@pytest.fixture
def administrator(service: ArchiveService) -> str:
    return service.people.add_person("root", administrator=True)


def create(service: ArchiveService, token: str, **settings: Any) -> Any:
    answer = service.call("POST", ARCHIVES, token, json={"title": "Chest CT", **settings})
    assert answer.status_code == 201, answer.text
    return answer.json


def titles(service: ArchiveService, query: str, token: str | None = None) -> list[str]:
    return [each["title"] for each in service.call("GET", f"{ARCHIVES}?{query}", token).json["results"]]


def test_everybody_reads_the_modalities_and_structures_that_come_with_the_platform(
    service: ArchiveService,
) -> None:
    modalities = service.call("GET", "/api/v1/modalities/").json
    lung = service.call("GET", "/api/v1/structures/lung/").json

    names = [each["name"] for each in modalities["results"]]
    assert modalities["count"] == len(names)
    assert {"CT", "MR", "SM", "XA"} <= set(names)
    assert names == sorted(names)
    assert (lung["name"], lung["region"], lung["built_in"]) == ("Lung", "Thorax", True)


def test_administrators_add_describe_and_remove_terms(service: ArchiveService, administrator: str) -> None:
    made = service.call(
        "POST", "/api/v1/structures/", administrator, json={"name": "Nasal cavity", "region": "Head"}
    )
    path = made.json["api_url"]
    changed = service.call("PATCH", path, administrator, json={"description": "Of the nose."}).json

    assert (made.status_code, made.json["slug"]) == (201, "nasal-cavity")
    assert (changed["description"], changed["region"]) == ("Of the nose.", "Head")
    assert "Nasal cavity" in [
        each["name"] for each in service.call("GET", "/api/v1/structures/").json["results"]
    ]
    assert service.call("DELETE", path, administrator).status_code == 204
    assert service.call("GET", path).status_code == 404


def test_a_term_is_there_once_and_those_of_the_platform_stay(
    service: ArchiveService, administrator: str
) -> None:
    path = "/api/v1/modalities/"
    assert service.call("POST", path, administrator, json={"name": "ct"}).status_code == 400
    assert service.call("POST", path, administrator, json={"name": "New"}).status_code == 201
    assert service.call("POST", path, administrator, json={"name": "new"}).status_code == 400
    assert service.call("POST", path, administrator, json={"name": "--"}).status_code == 400
    assert service.call("PATCH", f"{path}ct/", administrator, json={"description": "x"}).status_code == 409
    assert service.call("DELETE", f"{path}ct/", administrator).status_code == 409


def test_others_add_no_terms(service: ArchiveService, editor: str) -> None:
    assert service.call("POST", "/api/v1/modalities/", editor, json={"name": "NEW"}).status_code == 403
    assert service.call("DELETE", "/api/v1/modalities/ct/", editor).status_code == 403


def test_archives_are_filed_under_terms_by_name_or_slug_and_under_any_other_word(
    service: ArchiveService, editor: str
) -> None:
    made = create(service, editor, modalities=["ct", "CT", "Own"], structures=["spinal-cord", "lung"])

    assert made["modalities"] == ["CT", "Own"]
    assert made["structures"] == ["Spinal cord", "Lung"]


def test_archives_are_found_by_what_they_are_filed_under(service: ArchiveService, editor: str) -> None:
    create(service, editor, title="A", public=True, modalities=["CT"], structures=["Lung"])
    create(service, editor, title="B", public=True, modalities=["Own"], structures=["Brain"])
    create(service, editor, title="C", modalities=["CT"])

    assert titles(service, "modality=ct") == ["A"]  # C is private
    assert titles(service, "modality=ct", editor) == ["A", "C"]
    assert titles(service, "modality=Own") == ["B"]
    assert titles(service, "structure=brain&modality=own") == []
    assert titles(service, "structure=brain") == ["B"]


def test_a_term_stays_while_archives_are_filed_under_it(
    service: ArchiveService, editor: str, administrator: str
) -> None:
    path = service.call("POST", "/api/v1/modalities/", administrator, json={"name": "NEW"}).json["api_url"]
    archive = create(service, editor, modalities=["new"])

    refused = service.call("DELETE", path, administrator)
    service.call("PATCH", archive["api_url"], editor, json={"modalities": []})

    assert refused.status_code == 409
    assert service.call("DELETE", path, administrator).status_code == 204


# --- organisations, which permissions keeps


def test_an_organisation_is_linked_by_its_address_and_stays_so_when_its_name_is_sent_again(
    service: ArchiveService, editor: str
) -> None:
    pk = new_id()
    service.organisations[pk] = "Hospital of Somewhere"
    address = f"{SITE}/api/v1/organisations/{pk}/"

    made = create(service, editor, organizations=[address, "Another", address])
    sent = {"organizations": [*made["organizations"], "Third"]}
    changed = service.call("PATCH", made["api_url"], editor, json=sent).json

    assert made["organizations"] == ["Hospital of Somewhere", "Another"]
    assert made["organization_links"] == {"Hospital of Somewhere": address}
    assert changed["organizations"] == ["Hospital of Somewhere", "Another", "Third"]
    assert changed["organization_links"] == {"Hospital of Somewhere": address}
    assert titles(service, f"organization={pk}", editor) == ["Chest CT"]
    assert titles(service, "organization=Another", editor) == ["Chest CT"]


def test_an_organisation_that_was_renamed_is_found_under_its_new_name_and_its_old_one(
    service: ArchiveService, editor: str
) -> None:
    pk = new_id()
    service.organisations[pk] = "Old"
    create(service, editor, title="linked", organizations=[f"{SITE}/api/v1/organisations/{pk}/"])
    create(service, editor, title="named", organizations=["New"])
    create(service, editor, title="other", organizations=["Other"])

    service.organisations[pk] = "New"

    assert titles(service, "organization=New", editor) == ["linked", "named"]
    assert titles(service, "organization=Old", editor) == ["linked"]


def test_a_link_to_an_organisation_that_is_not_there_is_refused(service: ArchiveService, editor: str) -> None:
    sent = {"title": "A", "organizations": [f"{SITE}/api/v1/organisations/{new_id()}/"]}

    answer = service.call("POST", ARCHIVES, editor, json=sent)

    assert (answer.status_code, answer.json["errors"].keys()) == (400, {"organizations"})


def test_d23_linking_an_organisation_shows_a_private_archive_to_nobody(
    service: ArchiveService, editor: str
) -> None:
    pk, member = new_id(), service.people.add_person("member")
    service.organisations[pk] = "Hospital"
    made = create(service, editor, organizations=[f"{SITE}/api/v1/organisations/{pk}/"])

    assert titles(service, f"organization={pk}", member) == []
    assert titles(service, "organization=Hospital", member) == []
    assert service.call("GET", made["api_url"], member).status_code == 404
