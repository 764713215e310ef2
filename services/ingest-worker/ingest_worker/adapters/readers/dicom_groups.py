"""Where the attributes of one frame are in a DICOM file (PS3.3 section C.7.6.16)."""

from dataclasses import dataclass

from pydicom import Dataset

from ingest_worker.adapters.readers.dicom_values import first_items


@dataclass(frozen=True)
class Groups:
    """Where the attributes of one frame are: in its own functional groups, the shared ones, or the file's top level."""

    top: Dataset
    shared: Dataset | None
    own: Dataset | None
    single: bool

    def find(self, keyword: str) -> Dataset | None:
        """Return a functional group by its sequence."""
        found = (*first_items(self.own, keyword), *first_items(self.shared, keyword))
        return found[0] if found else None

    def holding(self, keyword: str) -> Dataset:
        """Return a functional group, or the top level where files of old have the same attributes."""
        return self.find(keyword) or self.top

    @property
    def plane(self) -> Dataset:
        """Return what holds the position: the top level's is that of the first frame only."""
        return self.find("PlanePositionSequence") or (self.top if self.single else Dataset())
