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
        # Aperio
        "Barcode", "DSR ID", "Date", "Filename", "ImageID", "Rack", "ScanScope ID", "Session Mode", "Slide", "Time",
        "Time Zone", "Title", "User",
        # Hamamatsu
        "AuthCode", "Created", "Macro S/N", "NDP.S/N", "Product", "Reference", "Updated",
        # Leica
        "barcode", "creationDate", "device", "name",
        # MIRAX
        "PROJECT_NAME", "SCANNER_HARDWARE_ID", "SCANNER_ID", "SLIDE_BARCODE", "SLIDE_CREATIONDATETIME", "SLIDE_ID",
        "SLIDE_NAME", "SLIDE_UTC_CREATIONDATETIME",
        # Philips
        "DICOM_ACQUISITION_DATETIME", "DICOM_DEVICE_SERIAL_NUMBER", "DICOM_MANUFACTURERS_MODEL_NAME",
        "PIIM_DP_SCANNER_OPERATOR_ID", "PIIM_DP_SCANNER_RACK_NUMBER", "PIM_DP_UFS_BARCODE",
        # Ventana
        "BarCode1", "BarCode2", "BuildDate", "JP2FileName", "ScanDate", "UnitNumber", "UserName",
    }
)  # fmt: skip

_NAMED: Final = re.compile(
    r"(?<!\w)({0})(?=\s*=)|<({0})(?=[\s/>])|Name=\"({0})\"".format(
        "|".join(map(re.escape, sorted(PROPERTIES, key=len, reverse=True)))
    )
)
"""A name before an equals sign, as in descriptions, settings and attributes; that of an XML element; or one called so."""

_PICTURES: Final = {
    LABEL: re.compile(r"^label|ScanDataLayer_SlideBarcode|>LABELIMAGE<", re.IGNORECASE | re.MULTILINE),
    MACRO: re.compile(
        r"^macro|^thumbnail|ScanDataLayer_SlideThumbnail|>MACROIMAGE<|<image\b.*<image\b",
        re.IGNORECASE | re.MULTILINE | re.DOTALL,
    ),
}
"""How files speak of the pictures beside the slide; in Leica's, all images but one are overviews of the glass."""


def said_in(texts: Iterable[str]) -> set[str]:
    """Return what is said in the texts of a slide, by name: properties, and pictures of label and glass."""
    found: set[str] = set()
    for text in texts:
        found |= {name for names in _NAMED.findall(text) for name in names if name}
        found |= {name for name, pattern in _PICTURES.items() if pattern.search(text)}
        found |= {OTHER_PROPERTIES} if text.strip() else set()
    return found
