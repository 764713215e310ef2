"""The audit trail: append-only; everything that changes who may do what ends up here, once."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate
from archive_shared.identifiers import derived_id
from permissions.domain.act import Act, FiledAct
from permissions.domain.person import Person


@dataclass(frozen=True)
class Trail:
    """Files acts.

    Parameters
    ----------
    also
        Called with every act that is being filed, before it is: may be called again with the same act.
    delayed
        Called with the identifier of a document whose acts cannot be filed now, and will be later.
    """

    lines: Repository[FiledAct]
    clock: Clock
    also: Callable[[Act], None]
    delayed: Callable[[str], None]

    def file(self, act: Act) -> None:
        """Write an act down; doing it again changes nothing."""
        self.also(act)
        with suppress(Duplicate):
            self.lines.add(FiledAct(id=act.id, act=act, archive=act.archive, at=act.at))

    def power_used(self, administrator: Person, what: str, archive: str | None) -> None:
        """Write down that an administrator did what only administrators may.

        The same thing done again within a minute is the same line: a slide is looked at through a thousand tiles.
        """
        now = self.clock.now()
        minute = now.replace(second=0, microsecond=0).isoformat()
        identifier = derived_id("power", administrator.id, what, archive or "", minute)
        if self.lines.get(identifier) is not None:
            return
        self.file(
            Act(
                id=identifier,
                at=now,
                actor=administrator,
                action="administrator.used",
                archive=archive,
                details={"what": what},
            )
        )
