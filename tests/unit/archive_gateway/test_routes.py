"""Which service answers which path."""

import pytest

from archive_gateway.routes import ROUTES, Service, service_for

ARCHIVE = "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/livez", Service.GATEWAY),
        ("/readyz", Service.GATEWAY),
        ("/readyz/x", Service.PORTAL),
        ("/internal/v1/decisions/", Service.NOBODY),
        (f"/api/v1/archives/{ARCHIVE}/members/", Service.PERMISSIONS),
        (f"/api/v1/archives/{ARCHIVE}/members/someone/user/", Service.PERMISSIONS),
        (f"/api/v1/archives/{ARCHIVE}/admission/", Service.PERMISSIONS),
        (f"/api/v1/archives/{ARCHIVE}/requests/x/accept/", Service.PERMISSIONS),
        (f"/api/v1/archives/{ARCHIVE}/trail/", Service.PERMISSIONS),
        (f"/api/v1/archives/{ARCHIVE}/trail.csv", Service.PERMISSIONS),
        (f"/api/v1/archives/{ARCHIVE}/trail_csv", Service.ARCHIVE_API),
        ("/api/v1/notifications/read/", Service.PERMISSIONS),
        ("/api/v1/sessions/current/", Service.PERMISSIONS),
        ("/api/v1/trail.csv", Service.PERMISSIONS),
        (f"/api/v1/archives/{ARCHIVE}/", Service.ARCHIVE_API),
        (f"/api/v1/archives/{ARCHIVE}/membership/", Service.ARCHIVE_API),
        ("/api/v1/archives/", Service.ARCHIVE_API),
        ("/api/v1/archives/items/", Service.ARCHIVE_API),
        ("/api/v1/gcapi/", Service.ARCHIVE_API),
        ("/api/v1/users/me/", Service.PERMISSIONS),
        ("/api/v1/tokens/", Service.PERMISSIONS),
        ("/api/v1/uploads/a/b/list-parts/", Service.INGEST),
        ("/api/v1/cases/upload-sessions/", Service.INGEST),
        ("/api/v1/cases/images/", Service.ARCHIVE_API),
        ("/api/v1/tiles/x/0/0/0.jpg", Service.TILER),
        ("/media/images/x/y.mha", Service.ARCHIVE_API),
        ("/blobs/uploads/a/b", Service.BLOBS),
        ("/", Service.PORTAL),
        ("/archives/chest-ct/", Service.PORTAL),
        ("/api/v2/", Service.PORTAL),
        ("//internal/v1/decisions/", Service.PORTAL),
        ("", Service.NOBODY),
    ],
)
def test_a_path_leads_to_its_service(path: str, service: Service) -> None:
    assert service_for(path) is service


def test_every_row_is_reached_by_some_path_of_its_own() -> None:
    samples = [
        "/livez",
        "/internal/",
        "/api/v1/archives/x/members/",
        "/api/v1/archives/x/trail.csv",
        "/api/v1/users/",
        "/api/v1/access-requests/",
        "/api/v1/trail.csv",
        "/api/v1/uploads/",
        "/api/v1/cases/upload-sessions/",
        "/api/v1/tiles/",
        "/api/v1/events/",
        "/api/v1/webhooks/",
        "/api/v1/",
        "/media/",
        "/blobs/",
        "/",
    ]

    assert [service_for(path) for path in samples] == [route.service for route in ROUTES]
