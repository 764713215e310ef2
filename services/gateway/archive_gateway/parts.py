"""The processes of the platform: their names and start commands, on one machine and in containers alike.

`docker-compose.yml` repeats the commands of the processes behind the gateway; a test compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

GUNICORN = ("gunicorn", "--config", "python:archive_shared.http.gunicorn_settings")
_OF_GUNICORN = (
    "gunicorn.app.wsgiapp",
    "archive_shared.http.gunicorn_log",
    "archive_shared.http.gunicorn_worker",
)
GATEWAY = "gateway"


@dataclass(frozen=True)
class Part:
    """One process.

    Parameters
    ----------
    arguments
        Of `python -m`: the module and what it is told.
    grace_s
        How long it may take to end when asked, before it is killed.
    niceness
        How far it steps back when the processor is busy (nice(2)): whoever waits in front of the page goes
        first, imports take what is left.
    inherited
        File descriptors it needs open.
    """

    name: str
    arguments: tuple[str, ...]
    grace_s: float = 15.0
    niceness: int = 5
    inherited: tuple[int, ...] = ()

    @property
    def modules(self) -> tuple[str, ...]:
        """What it loads, and a process that forks it has loaded."""
        if self.arguments[: len(GUNICORN)] != GUNICORN:
            return self.arguments[:1]
        application = self.arguments[-1].partition(":")[0]
        return (*_OF_GUNICORN, application)


BACKGROUND = (
    Part("permissions-relay", ("permissions.entrypoints.relay",)),
    Part("permissions-clerk", ("permissions.entrypoints.clerk",)),
    Part("archive-api-relay", ("archive_api.entrypoints.relay",)),
    Part("archive-api-consumer", ("archive_api.entrypoints.consumer",)),
    Part("ingest-worker-relay", ("ingest_worker.entrypoints.relay",)),
    Part("ingest-worker-consumer", ("ingest_worker.entrypoints.consumer",)),
    Part("tiler-relay", ("tiler.entrypoints.relay",)),
    Part("tiler-consumer", ("tiler.entrypoints.consumer",)),
    Part("feed-consumer", ("feed.entrypoints.consumer",)),
    Part("feed-worker", ("feed.entrypoints.worker",), grace_s=30.0),
)
INGEST_WORKER = Part("ingest-worker-worker", ("ingest_worker.entrypoints.worker",), grace_s=30.0, niceness=10)
TILER_WORKER = Part("tiler-worker", ("tiler.entrypoints.worker",), grace_s=30.0, niceness=10)
SLIDE_WORKER = Part("tiler-slide-worker", ("tiler.entrypoints.slide_worker",), grace_s=30.0, niceness=10)

# Where the processes of one machine differ from those in containers.
_ON_ONE_MACHINE = {
    "archive-api-consumer": ("archive_gateway.archive_consumer",),
    "feed-worker": ("archive_gateway.feed_worker",),
}

# In containers every service has a web process of its own, and nginx is the gateway.
WEB = tuple(
    Part(f"{service}-web", (*GUNICORN, f"{application}:create()"))
    for service, application in (
        ("permissions", "permissions.entrypoints.wsgi"),
        ("archive-api", "archive_api.entrypoints.wsgi"),
        ("ingest-worker", "ingest_worker.entrypoints.wsgi"),
        ("tiler", "tiler.entrypoints.wsgi"),
        ("feed", "feed.entrypoints.wsgi"),
        ("portal", "portal.wsgi"),
    )
)

PREPARE_BLOBS = ("archive_shared.blobs.prepare",)
CREATE_ADMINISTRATOR = ("permissions.entrypoints.cli", "create-administrator")


def background_parts(*, ingest_workers: int, tiler_workers: int) -> tuple[Part, ...]:
    """Return every process that no client talks to; the first worker of a kind bears its plain name."""
    return (
        *BACKGROUND,
        SLIDE_WORKER,
        *_several(INGEST_WORKER, ingest_workers),
        *_several(TILER_WORKER, tiler_workers),
    )


def on_one_machine(part: Part) -> Part:
    """Return a process as the supervisor starts it."""
    return replace(part, arguments=_ON_ONE_MACHINE.get(part.name, part.arguments))


def gateway_part(*, socket: int, certificate: Path | None = None, key: Path | None = None) -> Part:
    """Return the web process; it accepts on a socket that is listening already, with TLS if certified."""
    tls = ("--certfile", str(certificate), "--keyfile", str(key)) if certificate else ()
    arguments = (*GUNICORN, "--bind", f"fd://{socket}", *tls, "archive_gateway.wsgi:create()")
    return Part(GATEWAY, arguments, niceness=0, inherited=(socket,))


def _several(part: Part, count: int) -> Sequence[Part]:
    further = (f"{part.name}-{number}" for number in range(2, count + 1))
    return [replace(part, name=name) for name in (part.name, *further)][:count]
