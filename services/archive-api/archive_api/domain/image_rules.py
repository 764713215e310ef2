"""Which images may stand in which socket."""

from archive_api.domain.image import Image
from archive_api.domain.sockets import Socket

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
