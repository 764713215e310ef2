"""All sockets there are: the built-in ones, and those administrators added."""

from collections.abc import Callable, Iterable, Mapping

from archive_api.domain.sockets import BUILT_IN, FIRST_FREE_NUMBER, Socket
from archive_shared.documents import Repository, at_least, one_of
from archive_shared.errors import Duplicate

_ATTEMPTS = 20
_LARGEST_NUMBER = 2**31  # what is larger was never given to a socket, and might not fit into a store


class SocketShelf:
    """Finds and adds sockets. Thread-safe; what was found once is kept, except those that may still get segments."""

    def __init__(self, repository: Repository[Socket]) -> None:
        self._repository = repository
        self._known: dict[str, Socket] = dict(BUILT_IN)

    def named(self, slugs: Iterable[str]) -> Mapping[str, Socket]:
        """Return those of the sockets that exist, by slug."""
        wanted = set(slugs)
        unknown = sorted(wanted - self._known.keys())
        found = self._repository.find({"_id": one_of(unknown)}) if unknown else []
        self._known |= {socket.id: socket for socket in found if not socket.overlay_segments}
        fresh = {socket.id: socket for socket in found}
        return fresh | {slug: self._known[slug] for slug in wanted if slug in self._known}

    def get(self, slug: str) -> Socket | None:
        return self.named([slug]).get(slug)

    def numbered(self, number: int) -> Socket | None:
        """Return the socket with this number on the wire, None without one."""
        if number > _LARGEST_NUMBER:
            return None
        built_in = next((socket for socket in BUILT_IN.values() if socket.number == number), None)
        return built_in or next(iter(self._repository.find({"number": number}, limit=1)), None)

    def all(self) -> list[Socket]:
        """Return every socket in order of their numbers."""
        added = self._repository.find({"number": at_least(FIRST_FREE_NUMBER)}, sort=[("number", 1)])
        return [*BUILT_IN.values(), *added]

    def add(self, socket: Socket) -> Socket:
        """Store a socket under the next free number, whatever number it came with.

        Raises
        ------
        Duplicate
            Its slug, title or path is taken.
        """
        for _ in range(_ATTEMPTS):
            socket.number = self._next_number()
            try:
                return self._repository.add(socket)
            except Duplicate:
                if self.numbered(socket.number) is None:  # it was not the number
                    raise
        raise Duplicate("Sockets are being added too fast; try again.")

    def change(self, slug: str, step: Callable[[Socket], object]) -> Socket:
        """Change an added socket; raise what the step raises."""
        return self._repository.change(slug, step)

    def _next_number(self) -> int:
        last = self._repository.find({"number": at_least(0)}, sort=[("number", -1)], limit=1)
        return last[0].number + 1 if last else FIRST_FREE_NUMBER
