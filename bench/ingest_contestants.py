"""What `make bench-ingest` runs in processes of their own: one folder of files in, canonical images out, figures as JSON.

`python bench/ingest_contestants.py NAME IN OUT`; panimg's runs on an interpreter that has panimg and none of our packages, so
nothing is imported here that the contestant does not need. Imports are done before the clock starts, for everybody.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

A_PIXEL = b"NDims = 2\nDimSize = 1 1\nElementType = MET_UCHAR\nBinaryData = True\nElementDataFile = LOCAL\n\0"
AT_THE_END = ExitStack()
EVERYBODY = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def panimg(source: Path, output: Path) -> Callable[[], None]:
    """Return panimg's conversion, without the pyramids it would make of TIFFs."""
    import panimg as library  # type: ignore[import-not-found]  # noqa: PLC0415

    def run() -> None:
        library.convert(input_directory=source, output_directory=output, post_processors=[])

    return run


def itk(source: Path, output: Path) -> Callable[[], None]:
    """Return the least anybody does who reads and writes with ITK: series by GDCM, everything else file by file."""
    import SimpleITK as sitk  # noqa: PLC0415

    def run() -> None:
        output.mkdir()
        reader = sitk.ImageSeriesReader()
        rest = {path for path in source.iterdir() if path.suffix not in (".zraw", ".raw")}
        for series in reader.GetGDCMSeriesIDs(str(source)) if any(source.glob("*.dcm")) else ():
            names = reader.GetGDCMSeriesFileNames(str(source), series)
            rest -= {Path(name) for name in names}
            sitk.WriteImage(sitk.ReadImage(names), str(output / f"{series}.mha"), True)
        for path in rest:
            sitk.WriteImage(sitk.ReadImage(str(path)), str(output / f"{path.name}.mha"), True)

    return run


def ours(source: Path, output: Path) -> Callable[[], None]:
    """Return our conversion as a worker runs it: its processes are there before a session comes, and afterwards."""
    from ingest_worker.adapters.isolation import Isolation  # noqa: PLC0415
    from ingest_worker.conversion import convert  # noqa: PLC0415

    isolation = Isolation(jobs=1)
    with tempfile.TemporaryDirectory() as name:
        light = all(path.suffix in (".dcm", ".png", ".jpg") for path in source.iterdir())
        first = Path(name, "x.jpg" if light else "x.mha")
        first.write_bytes(b"\xff\xd8\xff" if light else A_PIXEL)
        convert([first], Path(name, "out"), isolation=isolation)

    def run() -> None:
        convert(list(source.iterdir()), output, isolation=isolation)

    AT_THE_END.enter_context(isolation)
    return run


CONTESTANTS = {"panimg": panimg, "itk": itk, "ours": ours}


def main() -> None:
    name, source, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    run = CONTESTANTS[name](source, output)
    before_cpu_s, begun = _cpu_s() + _cpu_of_children_s(), time.perf_counter()
    run()
    took_s = time.perf_counter() - begun
    AT_THE_END.close()  # processor time of children is known when they have ended
    made = [path.stat().st_size for path in output.rglob("*") if path.is_file()]
    peak_kib = max(_own_peak_kib(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    figures = {
        "s": took_s,
        "CPU s": _cpu_s() - before_cpu_s,
        "peak MB": peak_kib * 1024 / 1e6,
        "out MB": sum(made) / 1e6,
        "images": len(made),
    }
    print(json.dumps(figures))


def _own_peak_kib() -> int:
    """Return the largest resident size of this program; getrusage would count that of whoever started it (execve(2))."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _cpu_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    return sum(sum(resource.getrusage(kind)[:2]) for kind in EVERYBODY)


def _cpu_of_children_s() -> float:
    """Return what living children have used, imports above all: to the nanosecond, as proc(5) counts in steps of 10 ms.

    Their threads by /proc/PID/task/TID/schedstat; what ended under them by fields 16 and 17 of stat.
    """
    pids = Path("/proc/thread-self/children").read_text(encoding="ascii").split()
    threads = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    running_ns = sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in threads)
    fields = [
        Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split() for pid in pids
    ]
    ended = sum(sum(map(int, each[13:15])) for each in fields) / os.sysconf("SC_CLK_TCK")
    return running_ns / 1e9 + ended


if __name__ == "__main__":
    main()
