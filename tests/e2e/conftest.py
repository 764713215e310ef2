"""The platform on the embedded stores, and on RabbitMQ, MinIO and the MongoDB-wire server."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.portal import page, platform

__all__ = ["page", "platform"]

ON_REAL_SERVERS = pytest.param("servers", marks=pytest.mark.servers)


@pytest.fixture(params=["embedded", ON_REAL_SERVERS])
def stores(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Return the settings that choose the stores; both must make no difference."""
    if request.param == "embedded":
        return {}
    rabbitmq, minio, mongo = (
        request.getfixturevalue(name) for name in ("rabbitmq_server", "minio_server", "mongo_server")
    )
    return {
        "ARCHIVE_BUS_URL": rabbitmq.vhost(),
        "ARCHIVE_DOCUMENTS_URL": f"{mongo.url.rstrip('/')}/{mongo.database_name()}",
        "ARCHIVE_BLOBS_URL": f"s3://{minio.endpoint}?secure=0",
        "ARCHIVE_BLOBS_ACCESS_KEY": minio.access_key,
        "ARCHIVE_BLOBS_SECRET_KEY": minio.secret_key,
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
