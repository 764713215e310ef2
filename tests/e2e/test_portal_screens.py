"""Images on their pages: what is told of them."""

from pathlib import Path

from pydicom.dataset import Dataset

from demo.imaging import anatomy, write_dicom_series
from tests.support.platform import RunningPlatform
from tests.support.portal import Page
from tests.support.portal_images import imported, looked_at


def test_patients_are_told_of_in_words(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    def change(dataset: Dataset, _: int) -> None:
        dataset.PatientName = "Yamada^Tarou^^Dr.=山田^太郎=やまだ^たろう"
        dataset.PatientAge, dataset.PatientSex = "062Y", "M"

    files = write_dicom_series(tmp_path / "ct", anatomy(6), change=change)
    archive, item = imported(platform.client(), "In words", files)

    looked_at(page, platform, archive, item)

    cells = page.texts(".facts-table td")
    assert "Dr. Tarou Yamada (山田 太郎, やまだ たろう), P-0815" in cells
    assert {"62 years", "Male"} <= set(cells)


def test_ages_and_names_that_are_written_otherwise_stay_as_they_are(
    page: Page, platform: RunningPlatform
) -> None:
    page.open("/")

    said = page.browser.execute_async_script("""
        const done = arguments[0];
        import("/static/words.js").then(({ age, personName, size }) => done([
            age("001Y"), age("010D"), age("about 60"), age(""),
            personName("Erika Muster"), personName("Muster^Erika^Maria^^PhD"), personName("=山田^太郎"), personName(""),
            size({ width: 8, height: 9, depth: 10, timepoints: 3 }, "voxels"),
        ]));
    """)

    assert said == [
        *("1 year", "10 days", "about 60", ""),
        *("Erika Muster", "Erika Maria Muster, PhD", "山田 太郎", ""),
        "8 × 9 × 10 voxels, 3 time points",
    ]
