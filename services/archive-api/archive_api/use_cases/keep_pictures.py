"""Stores the pictures of archives and viewers in the sizes they are shown in."""

import hashlib
from collections.abc import Mapping

from archive_api.domain.archive import picture_key
from archive_api.domain.logo import LOGO, SOCIAL_IMAGE, PictureRule
from archive_api.use_cases.hold import hold_keys
from archive_api.use_cases.library import Library

PICTURES: Mapping[str, PictureRule] = {"logo": LOGO, "social_image": SOCIAL_IMAGE}
"""Of archives, by the settings that name them."""


def keep_picture(library: Library, owner: str, rule: PictureRule, picture: bytes) -> str:
    """Store a picture of an archive or a viewer, and return its name, "" for no picture.

    The name is a digest of the content, so storing it twice, or in vain, does no harm.

    Raises
    ------
    Invalid
        It breaks its rule; nothing was stored.
    """
    if not picture:
        return ""
    renditions = library.render_picture(picture, rule)
    name = f"{hashlib.sha256(renditions[max(renditions)]).hexdigest()}.png"
    keys = [picture_key(rule.folder, owner, name, width_px) for width_px in (None, *renditions)]
    hold_keys(library, keys)
    for width_px, png in renditions.items():
        library.media_blobs.put(picture_key(rule.folder, owner, name, width_px), png)
    library.media_blobs.put(picture_key(rule.folder, owner, name), renditions[max(renditions)])
    return name
