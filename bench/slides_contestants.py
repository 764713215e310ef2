"""One contestant of `make bench-slides`: `python bench/slides_contestants.py NAME IN OUT`, on the interpreter that has it.

Peers are called as their users call them; ours with checks and checksum.
"""

import sys
from pathlib import Path
from typing import Any


def cp(source: Path, target: Path) -> None:
    import shutil  # noqa: PLC0415

    shutil.copyfile(source, target)


def ours(source: Path, target: Path) -> None:
    """The levels that the source has, which is when people can look at the slide."""
    _prepare()
    from tiler.adapters.slides.conversion import convert_slide  # noqa: PLC0415
    from tiler.adapters.slides.local_files import LocalFiles  # noqa: PLC0415

    with LocalFiles(source) as files:
        convert_slide(files, target, name=source.name, threads=2, on_progress=lambda _: None)


def ours_all_levels(source: Path, target: Path) -> None:
    _prepare()
    from tiler.slides import convert  # noqa: PLC0415

    convert(source, target, threads=2, on_progress=lambda _stage, _done: None)


def ours_without_libturbojpeg(source: Path, target: Path) -> None:
    """On a machine that lacks it."""
    from tiler.adapters import turbo_jpeg  # noqa: PLC0415

    turbo_jpeg.is_there = lambda: False
    ours_all_levels(source, target)


def _prepare() -> None:
    """Have the process like that of the command."""
    from tiler.entrypoints.command import prepare_process  # noqa: PLC0415

    prepare_process()


def panimg(source: Path, target: Path) -> None:
    """What panimg does with slides: the same call with the same parameters."""
    import pyvips  # noqa: PLC0415

    pyvips.cache_set_max(0)
    image = pyvips.Image.new_from_file(str(source), access="sequential")
    image.write_to_file(str(target), tile=True, pyramid=True, bigtiff=True, compression="jpeg", Q=70)


def vips(source: Path, target: Path) -> None:
    import pyvips  # noqa: PLC0415

    image = pyvips.Image.new_from_file(str(source), access="sequential")
    options: dict[str, Any] = {
        "tile": True,
        "tile_width": 256,
        "tile_height": 256,
        "pyramid": True,
        "bigtiff": True,
    }
    image.tiffsave(str(target), compression="jpeg", Q=85, **options)


def large_image(source: Path, target: Path) -> None:
    import large_image_converter  # type: ignore[import-not-found]  # noqa: PLC0415

    large_image_converter.convert(str(source), str(target), overwrite=True)


def wsidicomizer(source: Path, target: Path) -> None:
    from wsidicomizer import WsiDicomizer  # type: ignore[import-not-found]  # noqa: PLC0415

    target.mkdir()
    WsiDicomizer.convert(filepath=source, output_path=target)


CONTESTANTS = {
    "cp": cp,
    "ours": ours,
    "ours, all levels": ours_all_levels,
    "ours, without libturbojpeg": ours_without_libturbojpeg,
    "panimg": panimg,
    "panimg, Debian's libvips": panimg,
    "vips": vips,
    "large_image_converter": large_image,
    "wsidicomizer": wsidicomizer,
}

if __name__ == "__main__":
    CONTESTANTS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    print(
        next(
            line.split()[1]
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )
    )
