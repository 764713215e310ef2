"""The description of a TIFF page: a text of a few lines, or XML of megabytes of which a little is wanted."""

import re

from tiler.adapters.tiff_tags import Tags
from tiler.domain.limits import MAX_TAG_BYTES, MIB
from tiler.domain.problems import UnreadableImage

DESCRIPTION = 270
APERIO = "Aperio"
"""What descriptions in files of Aperio's scanners begin with."""

PHILIPS = 'ObjectType="DPUfsImport"'
"""In the first element of the XML that Philips' scanners write."""

_USUAL_BYTES = 64 << 10
_ROOT_WITHIN = 1024
_PHILIPS_BYTES = 64 * MIB
_PICTURE = re.compile(r'(?<=Name="PIM_DP_IMAGE_DATA")[^<>]*>[^<]*')
"""Label and macro, which may stand in front of what is said of the slide."""


def description_of(tags: Tags) -> str:
    """Return the beginning of the description; that of Philips as a whole, but for the pictures in it.

    Raises
    ------
    UnreadableImage
        It is larger than any scanner writes.
    """
    beginning = tags.text(DESCRIPTION, at_most=_USUAL_BYTES)
    if PHILIPS not in beginning[:_ROOT_WITHIN]:
        return beginning
    rest = _PICTURE.sub(">", tags.text(DESCRIPTION, at_most=_PHILIPS_BYTES))
    if len(rest) > MAX_TAG_BYTES:
        raise UnreadableImage("The description of the slide is too large.")
    return rest
