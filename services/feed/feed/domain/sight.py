"""What somebody may see at this moment; asked of permissions once for a whole batch of events."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from archive_shared.access import Action, Answers, Caller, Question
from archive_shared.errors import Unauthenticated
from feed.domain.audience import Audience

Ask = Callable[[Sequence[Question]], Answers]
"""Asks permissions about one person: the holder of a token, or the owner of a webhook."""


@dataclass(frozen=True)
class Sight:
    """The rights of one person as far as some audiences ask for them.

    What is for a person is for a token of theirs that is good for some archives only if it belongs to one of those.

    Parameters
    ----------
    everything
        Whether it is the sight of an administrator who needs that power for some of them.
    """

    caller: Caller
    members: frozenset[str]
    editors: frozenset[str]
    everything: bool = False

    def reaches(self, audience: Audience) -> bool:
        return (
            self.everything
            or self._is_for_them(audience)
            or not self.members.isdisjoint(audience.members)
            or not self.editors.isdisjoint(audience.editors)
        )

    def _is_for_them(self, audience: Audience) -> bool:
        is_within_reach = self.caller.everywhere or any(map(self.caller.reaches, audience.within))
        return is_within_reach and self.caller.id in audience.people


def sight(ask: Ask, audiences: Iterable[Audience] = ()) -> Sight:
    """Ask all that these audiences depend on; one call, and another for an administrator whom they do not reach as such.

    That permissions is asked for this power, and not only who is one, puts its use into the audit trail.

    Raises
    ------
    Unauthenticated
        There is no such person (any more).
    """
    audiences = list(audiences)
    questions = _questions(audiences)
    answers = ask(questions)
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    granted = [question for question, yes in zip(questions, answers.allowed, strict=True) if yes]
    own = Sight(
        answers.caller,
        members=_archives(granted, Action.USE_ARCHIVE),
        editors=_archives(granted, Action.CHANGE_ARCHIVE),
    )
    if not own.caller.administrator or all(own.reaches(audience) for audience in audiences):
        return own
    [everything] = ask([Question(Action.HEAR_EVERYTHING)]).allowed
    return replace(own, everything=everything)


def _questions(audiences: Sequence[Audience]) -> list[Question]:
    used = sorted({archive for audience in audiences for archive in audience.members})
    changed = sorted({archive for audience in audiences for archive in audience.editors})
    return [
        *(Question(Action.USE_ARCHIVE, archive) for archive in used),
        *(Question(Action.CHANGE_ARCHIVE, archive) for archive in changed),
    ]


def _archives(granted: Sequence[Question], action: Action) -> frozenset[str]:
    return frozenset(each.archive for each in granted if each.action is action and each.archive is not None)
