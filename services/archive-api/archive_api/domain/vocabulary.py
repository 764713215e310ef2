"""The words archives are filed under: imaging modalities and body structures.

Some come with the platform; administrators add others. A word's name never changes, since archives keep it as their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from archive_api.domain.slugs import slugify
from archive_shared.documents import Aggregate, Collection

LONGEST_NAME = 16


class TermKind(StrEnum):
    """What archives are filed under; each is the name of the setting that holds such terms."""

    MODALITY = "modalities"
    STRUCTURE = "structures"


@dataclass(kw_only=True)
class Term(Aggregate):
    """A modality, or a structure of the body.

    Parameters
    ----------
    slug
        Its name in addresses, made from its name.
    region
        The part of the body a structure is in; "" for modalities.
    built_in
        Whether it came with the platform; then nobody changes it.
    """

    kind: TermKind
    slug: str
    name: str
    description: str = ""
    region: str = ""
    built_in: bool = False
    created_at: datetime

    @classmethod
    def named(cls, kind: TermKind, name: str, *, at: datetime) -> "Term":
        """Return a new term; its identifier follows from kind and slug, so there is one of each."""
        slug = slugify(name)
        return cls(id=term_id(kind, slug), kind=kind, slug=slug, name=name, created_at=at)


def term_id(kind: TermKind, slug: str) -> str:
    return f"{kind.value}/{slug}"


TERMS = Collection("terms", fields={"kind": "kind", "name": "name"}, indexes=[("kind", "name")])

_MODALITIES = {
    "AR": "Autorefraction",
    "AS": "Angioscopy",
    "BI": "Biomagnetic imaging",
    "BMD": "Bone mineral densitometry",
    "CFM": "Confocal microscopy",
    "CR": "Computed radiography",
    "CT": "Computed tomography",
    "DMS": "Dermoscopy",
    "DX": "Digital radiography",
    "ECG": "Electrocardiography",
    "ES": "Endoscopy",
    "GM": "General microscopy",
    "IO": "Intra-oral radiography",
    "IVOCT": "Intravascular optical coherence tomography",
    "IVUS": "Intravascular ultrasound",
    "LS": "Laser surface scan",
    "MG": "Mammography",
    "MR": "Magnetic resonance",
    "NM": "Nuclear medicine",
    "OP": "Ophthalmic photography",
    "OPM": "Ophthalmic mapping",
    "OPT": "Ophthalmic tomography",
    "OPTBSV": "Ophthalmic tomography B-scan volume analysis",
    "PA": "Photoacoustic imaging",
    "PT": "Positron emission tomography",
    "PX": "Panoramic X-ray",
    "RF": "Radiofluoroscopy",
    "RG": "Radiographic imaging on film",
    "SM": "Slide microscopy",
    "TG": "Thermography",
    "US": "Ultrasound",
    "XA": "X-ray angiography",
    "XC": "External-camera photography",
}
"""Of those of DICOM that are pictures, the ones in use (PS3.3 C.7.3.1.1.1; PS3.16 CID 29)."""

_STRUCTURES = {
    "Head": ("Brain", "Eye", "Retina", "Skull", "Teeth"),
    "Neck": ("Larynx", "Thyroid"),
    "Thorax": ("Breast", "Esophagus", "Heart", "Lung", "Rib"),
    "Abdomen": ("Colon", "Kidney", "Liver", "Pancreas", "Spleen", "Stomach"),
    "Pelvis": ("Bladder", "Cervix", "Ovary", "Prostate", "Rectum", "Uterus"),
    "Spine": ("Spinal cord", "Vertebra"),
    "Upper limb": ("Elbow", "Hand", "Shoulder", "Wrist"),
    "Lower limb": ("Ankle", "Foot", "Hip", "Knee"),
    "Whole body": ("Blood", "Bone", "Bone marrow", "Lymph node", "Muscle", "Skin", "Vessel"),
}

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def _built_in(kind: TermKind, name: str, *, description: str = "", region: str = "") -> Term:
    term = Term.named(kind, name, at=_EPOCH)
    term.description, term.region, term.built_in = description, region, True
    return term


BUILT_IN: Mapping[str, Term] = {
    term.id: term
    for term in (
        *(_built_in(TermKind.MODALITY, name, description=about) for name, about in _MODALITIES.items()),
        *(
            _built_in(TermKind.STRUCTURE, name, region=region)
            for region, names in _STRUCTURES.items()
            for name in names
        ),
    )
}
"""What comes with the platform, by identifier."""
