"""Who may see an image, as archive-api answers it and as the tests' stand-in does: one contract for both."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from flask.testing import FlaskClient

from archive_shared.clock import SystemClock
from archive_shared.errors import NotFound, Unauthenticated, Unavailable
from archive_shared.http.client import ServiceClient
from archive_shared.identifiers import new_id
from tests.integration.tiler.conftest import IMAGES, Onlookers, Studio
from tests.support.archive_service import archive_service
from tests.support.imports import an_import
from tiler.adapters.images_client import HttpImages
from tiler.entrypoints.http.app import app_for
from tiler.use_cases.show_image import Images

SECRET = b"a secret of at least thirty-two bytes!"


@dataclass
class Case:
    """Images, one of which `member` may see and `outsider` may not."""

    images: Images
    image: str
    member: str
    outsider: str


def over_http(transport: httpx2.BaseTransport) -> HttpImages:
    return HttpImages(
        ServiceClient(
            "http://archive-api", service="tiler", secret=SECRET, clock=SystemClock(), transport=transport
        )
    )


def of_archive_api(folder: Path) -> Case:
    service = archive_service(folder)
    member, outsider = service.people.add_person("member"), service.people.add_person("outsider")
    event = an_import(archive=service.archive(user=member))
    service.hear(event)
    service.settle()
    images = over_http(httpx2.WSGITransport(app=service.http.application))
    return Case(images, event.image, member, outsider)


def of_the_tests(folder: Path) -> Case:
    image = new_id()
    return Case(Onlookers({"member": {image}, "outsider": set()}), image, "member", "outsider")


@pytest.fixture(params=[of_archive_api, of_the_tests], ids=["archive-api", "stand-in"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    build: Callable[[Path], Case] = request.param
    return build(tmp_path)


def test_a_member_sees_the_image(case: Case) -> None:
    sight = case.images.sight(case.member, case.image)

    assert (len(sight.archives), sight.is_theirs) == (1, False)


def test_for_an_outsider_the_image_does_not_exist(case: Case) -> None:
    with pytest.raises(NotFound):
        case.images.sight(case.outsider, case.image)


def test_an_unknown_image_does_not_exist(case: Case) -> None:
    with pytest.raises(NotFound):
        case.images.sight(case.member, new_id())


def test_a_wrong_token_is_refused(case: Case) -> None:
    with pytest.raises(Unauthenticated):
        case.images.sight("wrong", case.image)


def no_answer(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


@pytest.mark.parametrize(
    "answer", [no_answer, lambda request: httpx2.Response(500)], ids=["silent", "broken"]
)
def test_nobody_sees_anything_while_archive_api_does_not_answer(
    answer: Callable[[httpx2.Request], httpx2.Response],
) -> None:
    images = over_http(httpx2.MockTransport(answer))

    with pytest.raises(Unavailable):
        images.sight("token", new_id())


def test_a_token_that_cannot_be_passed_on_is_refused(studio: Studio, tmp_path: Path) -> None:
    case = of_archive_api(tmp_path)
    headers = {"Authorization": "Bearer t\xf6ken"}

    answer = asking(studio, case.images).get(f"{IMAGES}/{case.image}/preview.jpeg", headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["x", "..", "%3F", "6F4F3A8E-1A2B-4C3D-8E4F-5A6B7C8D9E0F"])
def test_archive_api_is_not_asked_about_what_is_no_identifier(studio: Studio, name: str) -> None:
    asked: list[httpx2.Request] = []
    http = asking(studio, over_http(httpx2.MockTransport(lambda request: yes(asked, request))))

    answer = http.get(f"{IMAGES}/{name}/preview.jpeg", headers={"Authorization": "Bearer token"})

    assert answer.status_code == 404
    assert asked == []


def test_archive_api_is_not_asked_for_nobody(studio: Studio) -> None:
    asked: list[httpx2.Request] = []
    http = asking(studio, over_http(httpx2.MockTransport(lambda request: yes(asked, request))))

    answer = http.get(f"{IMAGES}/{new_id()}/preview.jpeg")

    assert answer.status_code == 401
    assert asked == []


def asking(studio: Studio, images: Images) -> FlaskClient:
    """The service, asking somebody else who may see images."""
    gallery = replace(studio.service.gallery, images=images)
    return app_for(replace(studio.service, gallery=gallery)).test_client()


def yes(asked: list[httpx2.Request], request: httpx2.Request) -> httpx2.Response:
    asked.append(request)
    return httpx2.Response(200, json={"archives": [new_id()], "is_theirs": False})
