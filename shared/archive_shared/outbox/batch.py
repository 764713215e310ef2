"""The outboxes of some documents while they are published: one event of each at a time."""

from collections.abc import Sequence, Set

from archive_shared.documents import Document
from archive_shared.messaging.published import Envelope, Published


class Batch:
    """Remembers what is still to be published and what was confirmed.

    Parameters
    ----------
    documents
        As they were read, each with events in its outbox, the document that waits longest first.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = {str(document["_id"]): document for document in documents}
        self._rest: dict[str, list[Envelope]] = {
            identifier: list(document["outbox"]) for identifier, document in self._documents.items()
        }
        self.confirmed: dict[str, set[str]] = {}
        self.unroutable: list[str] = []

    @property
    def size(self) -> int:
        return len(self._documents)

    @property
    def published(self) -> int:
        return sum(map(len, self.confirmed.values()))

    def wave(self) -> list[Envelope]:
        """Return the events that may be on their way at the same time: the next one of each document."""
        return [rest[0] for rest in self._rest.values()]

    def note(self, published: Published) -> None:
        """Take in what became of a wave; raise the trouble if there was any."""
        for identifier, rest in list(self._rest.items()):
            if rest[0]["id"] in published.confirmed:
                self.confirmed.setdefault(identifier, set()).add(rest.pop(0)["id"])
            elif rest[0]["id"] in published.unroutable:  # what follows must not overtake it
                self.unroutable.append(identifier)
                rest.clear()
            if not rest:
                del self._rest[identifier]
        if published.trouble is not None:
            raise published.trouble

    def without_confirmed(self) -> list[Document]:
        """Return the documents as they should be saved."""
        left = (without(ids, self._documents[identifier]) for identifier, ids in self.confirmed.items())
        return [document for document in left if document is not None]


def without(confirmed: Set[str], document: Document) -> Document | None:
    """Return a document without the events that were published, None when it has none of them; its version stays."""
    outbox = [envelope for envelope in document["outbox"] if envelope["id"] not in confirmed]
    if len(outbox) == len(document["outbox"]):
        return None
    rest = {name: value for name, value in document.items() if name != "outbox_since"}
    return rest | {"outbox": outbox} | ({"outbox_since": outbox[0]["time"]} if outbox else {})
