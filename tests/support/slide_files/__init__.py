"""Small whole-slide images in the formats of the scanners' vendors, written by our own code as `spec/slides.md` describes.

All pixels are drawn by `scene`; every file carries made-up patient data where the real ones do, so that tests can
prove it stays behind. OpenSlide, which knows nothing of us, opens every one of them.
"""

from tests.support.slide_files.aperio import aperio_slide
from tests.support.slide_files.dicom import dicom_slide
from tests.support.slide_files.hamamatsu import ndpi_slide, vms_slide, vmu_slide
from tests.support.slide_files.leica import leica_slide
from tests.support.slide_files.mirax import damage_image, mirax_slide
from tests.support.slide_files.philips import philips_slide
from tests.support.slide_files.plain import plain_slide
from tests.support.slide_files.scene import PATIENT, VendorSlide
from tests.support.slide_files.trestle import trestle_slide
from tests.support.slide_files.ventana import ventana_slide

__all__ = [
    "PATIENT",
    "VendorSlide",
    "aperio_slide",
    "damage_image",
    "dicom_slide",
    "leica_slide",
    "mirax_slide",
    "ndpi_slide",
    "philips_slide",
    "plain_slide",
    "trestle_slide",
    "ventana_slide",
    "vms_slide",
    "vmu_slide",
]
