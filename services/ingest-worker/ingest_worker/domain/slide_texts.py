"""What scanners say about a slide in texts, by names known here: for the report of what did not come along.

Names are looked for, and never copied out of a file: anything may stand in their place there.
"""

import re
from collections.abc import Iterable
from typing import Final

OTHER_PROPERTIES: Final = "other properties of the scanner"
LABEL, MACRO = "label image", "macro image"

PROPERTIES: Final = frozenset(
    {
        *(
            "Barcode",
            "Date",
            "Filename",
            "ImageID",
            "Rack",
            "ScanScope ID",
            "Slide",
            "Time",
            "Time Zone",
            "Title",
        ),
        *("User", "DSR ID", "Session Mode"),  # Aperio
        *("Created", "Macro S/N", "NDP.S/N", "Product", "Reference", "Updated", "AuthCode"),  # Hamamatsu
        *("barcode", "creationDate", "device", "name"),  # Leica
        *("PROJECT_NAME", "SCANNER_ID", "SLIDE_CREATIONDATETIME", "SLIDE_ID", "SLIDE_NAME"),  # MIRAX
        *("SLIDE_UTC_CREATIONDATETIME", "SLIDE_BARCODE", "SCANNER_HARDWARE_ID"),
        *(
            "BarCode1",
            "BarCode2",
            "BuildDate",
            "JP2FileName",
            "UnitNumber",
            "UserName",
            "ScanDate",
        ),  # Ventana
    }
)

_NAMED: Final = re.compile(
    r"(?<!\w)({0})(?=\s*=)|<({0})(?=[\s/>])".format(
        "|".join(map(re.escape, sorted(PROPERTIES, key=len, reverse=True)))
    )
)
"""A name before an equals sign, as in descriptions, settings and attributes; or that of an XML element."""

_PICTURES: Final = {
    LABEL: re.compile(r"^label|ScanDataLayer_SlideBarcode", re.IGNORECASE | re.MULTILINE),
    MACRO: re.compile(
        r"^macro|^thumbnail|ScanDataLayer_SlideThumbnail|<image\b.*<image\b",
        re.IGNORECASE | re.MULTILINE | re.DOTALL,
    ),
}
"""How files speak of the pictures beside the slide; in Leica's, all images but one are overviews of the glass."""


def said_in(texts: Iterable[str]) -> set[str]:
    """Return what is said in the texts of a slide, by name: properties, and pictures of label and glass."""
    found: set[str] = set()
    for text in texts:
        found |= {one or other for one, other in _NAMED.findall(text)}
        found |= {name for name, pattern in _PICTURES.items() if pattern.search(text)}
        found |= {OTHER_PROPERTIES} if text.strip() else set()
    return found
