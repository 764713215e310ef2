"""The facts that stop the tiler: a file that cannot be read, a tile that does not exist."""

from archive_shared.errors import Invalid, NotFound, Unavailable


class UnreadableImage(Invalid):
    """The file is damaged, hostile, or of a kind that is not supported; the reason is meant for its owner."""

    def __init__(self, reason: str) -> None:
        super().__init__({"file": [reason]})
        self.reason = reason


class NoLevelSmallEnough(UnreadableImage):
    """A picture of so much of the image would take too long; nothing is wrong with the image, and levels may be on their way."""

    def __init__(self) -> None:
        super().__init__("No level of the image is small enough yet to make this picture from.")


class ReadingStopped(Unavailable):
    """Reading an image was stopped by something that may be no fault of the image; the reason is meant for its owner."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnreadableIndex(Invalid):
    """A stored tile index is damaged or of another version; build it again from the image."""

    def __init__(self, reason: str) -> None:
        super().__init__({"index": [reason]})
        self.reason = reason


class NoSuchTile(NotFound):
    """The coordinates lie outside the image, or the level does not exist."""

    def __init__(self, level: int, column: int, row: int) -> None:
        super().__init__(f"There is no tile {level}/{column}/{row}.")
        self.level = level
        self.column = column
        self.row = row
