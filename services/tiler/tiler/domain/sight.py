"""Why a caller sees an image, which is all that has to be asked again to know whether they still do."""

from dataclasses import dataclass

from archive_shared.access import Action, Question


@dataclass(frozen=True, slots=True)
class Sight:
    """What archive-api said of a caller and an image.

    Parameters
    ----------
    archives
        Archives that hold the image and whose data the caller may use. Without any they see it because it is theirs, or
        because they are an administrator.
    """

    archives: tuple[str, ...]
    is_theirs: bool

    @property
    def questions(self) -> tuple[Question, ...]:
        """What to ask permissions; one yes is enough. Nothing, if it is enough that they are somebody still."""
        if self.is_theirs:
            return ()
        return tuple(Question(Action.USE_ARCHIVE, archive) for archive in self.archives or (None,))
