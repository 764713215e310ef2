"""What happens to conversions without any fault of a file: the disk they work on runs full."""

from archive_shared.errors import Unavailable


class WorkDiskFull(Unavailable):
    """No file is to blame, but trying on and on would fill the disk again each time."""

    def __init__(self) -> None:
        super().__init__("The disk the converter works on is full.")
