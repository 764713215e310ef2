"""What the ingest worker says: uploads, sessions and the images they become."""

from dataclasses import dataclass, field
from typing import ClassVar

from archive_shared.events.base import Event


@dataclass(frozen=True, kw_only=True)
class UploadCompleted(Event):
    """All parts of an uploaded file are in the blob store."""

    TYPE: ClassVar[str] = "archive.upload.completed.v1"
    SUBJECT: ClassVar[str] = "upload"

    upload: str
    creator: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class SessionStarted(Event):
    """A worker began to import the files of an upload session.

    Parameters
    ----------
    archive
        Where images are wanted; None for nowhere yet, and in events from before it was told.
    """

    TYPE: ClassVar[str] = "archive.session.started.v1"
    SUBJECT: ClassVar[str] = "session"

    session: str
    creator: str
    files: int
    archive: str | None = None


@dataclass(frozen=True, kw_only=True)
class SessionSucceeded(Event):
    """At least one image came of an upload session; some files may have been refused.

    Parameters
    ----------
    images
        The first thousand of them; each was announced by itself.
    image_count
        How many there are; 0 in events from before they were counted.
    archive
        Where they are wanted; None for nowhere yet, and in events from before it was told.
    """

    TYPE: ClassVar[str] = "archive.session.succeeded.v1"
    SUBJECT: ClassVar[str] = "session"

    session: str
    creator: str
    images: list[str]
    rejected_files: int
    image_count: int = 0
    archive: str | None = None


@dataclass(frozen=True, kw_only=True)
class SessionFailed(Event):
    """No image came of an upload session.

    Parameters
    ----------
    archive
        Where images were wanted; None for nowhere yet, and in events from before it was told.
    """

    TYPE: ClassVar[str] = "archive.session.failed.v1"
    SUBJECT: ClassVar[str] = "session"

    session: str
    creator: str
    reason: str
    archive: str | None = None


@dataclass(frozen=True, kw_only=True)
class FileRejected(Event):
    """A file of an upload session could not become (part of) an image.

    Parameters
    ----------
    file, reasons
        Its name and why; where images are freed of identity, a number and a sentence that tell neither.
    """

    TYPE: ClassVar[str] = "archive.file.rejected.v1"
    SUBJECT: ClassVar[str] = "session"

    session: str
    file: str
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """One stored file of an image.

    Parameters
    ----------
    type
        `MHD` for a compressed MetaImage (.mha), `TIFF` for a tiled pyramid.
    key
        Key of the object in the bucket `images`.
    sha256
        Of the object's bytes, in hexadecimal.
    """

    id: str
    type: str
    name: str
    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ImageDescription:
    """Everything known of an image apart from its pixels; fields as in spec/archives.md 1.7.

    Sizes in voxels, voxel sizes in millimetres, dates as YYYY-MM-DD; None or "" where unknown.

    Parameters
    ----------
    width, height
        None for a slide that still has to be converted.
    """

    width: int | None
    height: int | None
    depth: int | None = None
    timepoints: int | None = None
    resolution_levels: int | None = None
    voxel_width_mm: float | None = None
    voxel_height_mm: float | None = None
    voxel_depth_mm: float | None = None
    color_space: str = "GRAY"
    window_center: float | None = None
    window_width: float | None = None
    segments: list[int] | None = None
    modality: str | None = None
    eye_choice: str = "NA"
    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str | None = None
    patient_age: str = ""
    patient_sex: str = ""
    study_date: str | None = None
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    study_description: str = ""
    series_description: str = ""


@dataclass(frozen=True, kw_only=True)
class OriginalFile:
    """One uploaded file of a slide, stored as it came.

    Parameters
    ----------
    name
        Where it lies beside the slide's other files: a relative path of plain names, separated by "/", which
        never leads out of the slide's folder. Vendors' readers find their companions by it. Of a slide without
        identity just "file 1", "file 2" and so on.
    key
        Key of the object in the bucket `images`; all files of a slide have one prefix.
    sha256
        Of the object's bytes, in hexadecimal.
    """

    name: str
    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Slide:
    """A whole-slide image as its scanner wrote it, which the tiler has to convert.

    Parameters
    ----------
    format
        `svs`, `ndpi`, `scn`, `bif`, `vms`, `vmu`, `mrxs`, `philips`, `trestle`, `dicom` or `tiff`, by content.
    files
        The first is the one to open. They may carry the patient's name on a label, so nobody downloads them.
    keep_labels
        Whether the archive's editors are to have label and overview as pictures of their own.
    names_key
        Key of the object that holds the names of the files as a JSON list, for the conversion alone: of a slide without
        identity, whose files may be called after the patient. "" where the names stand in `files`.
    """

    format: str
    files: list[OriginalFile]
    keep_labels: bool = False
    names_key: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageImported(Event):
    """An uploaded image is stored: in its canonical form, or, if it is a slide, as it came.

    Parameters
    ----------
    archive, item
        Where its uploader wants it: a new item of an archive, or a socket of one item; both None when
        it was uploaded without a target.
    sources
        Names of the uploaded files it was made from.
    pixels_sha256
        Of the pixels alone, so that the same image is recognised whatever file it came in; "" for a slide.
    files
        The canonical files; none for a slide, whose pyramid the tiler announces once it made it.
    slide
        The original files of a slide; None for every other image.
    group
        Title of the new item it shares with other images of its session; "" for an item of its own.
    sources_sha256
        Of the files it was made from: that of the file, or of the sorted digests of several, so that the same files are
        recognised when they come again; "" where unknown.
    deidentified
        Whether everything that tells whose it is was taken away, by the rule and with the key of `archive`.
    notes
        What a careful reader should know though it did not stop the import, as sentences without patient data.
    source_count
        How many files it was made from, of which `sources` names the first thousand; 0 in events from before they were
        counted.
    session_image_count
        How many images came of its session: a socket that waits for that takes none of several. 0 in events from before
        they were counted.
    """

    TYPE: ClassVar[str] = "archive.image.imported.v1"
    SUBJECT: ClassVar[str] = "image"

    image: str
    session: str
    creator: str
    archive: str | None
    item: str | None
    socket: str
    name: str
    sources: list[str]
    pixels_sha256: str
    files: list[ImageFile]
    description: ImageDescription
    slide: Slide | None = None
    group: str = ""
    sources_sha256: str = ""
    deidentified: bool = False
    notes: list[str] = field(default_factory=list)
    source_count: int = 0
    session_image_count: int = 0
