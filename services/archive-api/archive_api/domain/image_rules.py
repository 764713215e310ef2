"""Which images may stand in which socket, and in which archive."""

from archive_api.domain.archive import Archive
from archive_api.domain.image import Image
from archive_api.domain.sockets import Socket

NOT_TAKEN = "The archive takes no values for this socket."
WITH_IDENTITY = (
    "This archive takes images without identity only, and this image still has it. Upload its files for this archive, or "
    "for an item of it, so that their import takes it away."
)
_DISPLACEMENT_LENGTHS = 4
_COMPONENTS = 3


def image_error(socket: Socket, image: Image) -> str:
    """Say why an image does not fit a socket, "" when it does (spec/archives.md 1.6)."""
    if socket.traits.group != "image":
        return f"{socket.title} does not take images."
    if socket.kind == "Segmentation":
        return _segmentation_error(socket, image)
    if socket.kind == "Displacement field":
        return _displacement_error(image)
    return ""


def identity_error(archive: Archive | None, image: Image) -> str:
    """Say why an image may not be in an archive, "" when it may.

    What an import by the rule of any archive made counts, whatever format its files had: the rule is the same for all,
    and only the keys of identifiers differ.
    """
    only_nobodys = archive is not None and archive.settings.deidentify
    return WITH_IDENTITY if only_nobodys and not image.deidentified_by else ""


def _segmentation_error(socket: Socket, image: Image) -> str:
    segments = image.description.segments
    if segments is None:
        return "Image segments could not be determined: the voxels must be a few different whole numbers."
    wrong = sorted(set(segments) - socket.voxel_values)
    if wrong:
        return (
            f"The valid voxel values for this segmentation are: {sorted(socket.voxel_values)}. "
            f"This segmentation is invalid as it contains the voxel values: {wrong}."
        )
    return ""


def _displacement_error(image: Image) -> str:
    shape = image.shape_without_color
    if len(shape) != _DISPLACEMENT_LENGTHS or shape[0] != _COMPONENTS:
        return "A displacement field must be a 4D image whose 4th dimension is a 3-component vector."
    if image.shape != shape:
        return "A displacement field cannot have a color component."
    return ""
