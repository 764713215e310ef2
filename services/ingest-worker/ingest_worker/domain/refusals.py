"""The one way a file is turned down on purpose: with a sentence its uploader understands. Readers raise it."""


class Refused(Exception):
    """These files cannot become an image; the reason is shown to the person who sent them.

    Parameters
    ----------
    reason
        A whole sentence without patient data: it is stored, shown and may be logged.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Truncated(Refused):
    """The file ends before the pixels its header promises."""

    def __init__(self, name: str, *, expected_bytes: int, found_bytes: int) -> None:
        super().__init__(
            f"The file {name} is incomplete: its header promises {expected_bytes} bytes of pixels, "
            f"but only {found_bytes} are there."
        )


class Damaged(Refused):
    """The compressed data or a checksum in the file is wrong."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"The file {name} is damaged: {what}.")


class TooLarge(Refused):
    """The file asks for more than the budget of one conversion allows."""

    def __init__(self, what: str, *, limit: str) -> None:
        super().__init__(f"{what}, but at most {limit} is allowed here.")


class Companion(Refused):
    """The file means nothing without another one that was turned down."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"This file belongs to {owner}, which cannot be imported.")
