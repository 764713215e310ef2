"""The processes of the platform."""

from pathlib import Path

from archive_gateway.parts import background_parts, gateway_part


def test_the_first_worker_bears_the_plain_name() -> None:
    names = [part.name for part in background_parts(ingest_workers=3, tiler_workers=1)]

    assert names[-4:] == [
        "ingest-worker-worker",
        "ingest-worker-worker-2",
        "ingest-worker-worker-3",
        "tiler-worker",
    ]


def test_names_are_unique() -> None:
    names = [part.name for part in background_parts(ingest_workers=4, tiler_workers=4)]

    assert len(set(names)) == len(names)


def test_the_gateway_inherits_its_socket() -> None:
    part = gateway_part(socket=7)

    assert part.inherited == (7,)
    assert "fd://7" in part.arguments
    assert "--certfile" not in part.arguments


def test_a_certified_gateway_serves_tls() -> None:
    arguments = gateway_part(socket=7, certificate=Path("/c.pem"), key=Path("/k.pem")).arguments

    assert arguments[arguments.index("--certfile") + 1] == "/c.pem"
    assert arguments[arguments.index("--keyfile") + 1] == "/k.pem"
