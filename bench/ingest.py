"""`make bench-ingest`: the import beside panimg and beside reading and writing with ITK, and the whole worker beside panimg.

Every run is a process of its own, the contestants take turns, imports are not counted. panimg lives in an environment of its
own, `.cache/bench-panimg`. Peak memory is that of the largest process.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.ingest_inputs import make_inputs
from bench.measuring import Comparison, Figures, Measure, compare, conditions, table

CACHE = Path(".cache").absolute()
PANIMG = CACHE / "bench-panimg" / "bin" / "python"
SCRIPT = Path(__file__).parent / "ingest_contestants.py"
CONTESTANTS = {"panimg": PANIMG, "itk": Path(sys.executable), "ours": Path(sys.executable)}

# How many times faster than panimg each case is meant to be.
AIMS = {
    "CT DICOM, intercept": 6, "CT DICOM, no intercept": 9, "4D DICOM": 9, "1,000 thin slices": 30, "nii.gz": 4, "nii": 4,
    "mha raw": 4, "mha compressed": 4, "mhd + zraw": 4, "nrrd gzip": 4, "RGB png": 2, "RGB jpg": 2,
}  # fmt: skip


def main() -> None:
    options = _options()
    inputs = make_inputs(CACHE / "bench-ingest" / str(options.slices), slices=options.slices)
    for name, source in inputs.items():
        if options.case and not any(wanted in name for wanted in options.case):
            continue
        comparison = _compared(source, rounds=options.rounds)
        size_mb = sum(path.stat().st_size for path in source.iterdir()) / 1e6
        print(f"\n### {name}: {size_mb:.0f} MB\n\n{table(comparison, against='panimg')}\n")
        print(_verdict(name, comparison), conditions(comparison), flush=True)


def _compared(source: Path, *, rounds: int) -> Comparison:
    contestants: dict[str, Measure] = {name: partial(contestant, name, source) for name in CONTESTANTS}
    return compare(contestants, rounds=rounds, warm_up=False)


def contestant(name: str, source: Path) -> Figures:
    """Run one contestant on a folder of files in a process of its own."""
    output = Path(tempfile.mkdtemp(prefix="bench-ingest-"))
    try:
        command = [str(CONTESTANTS[name]), str(SCRIPT), name, str(source), str(output / "out")]
        run = subprocess.run(command, check=False, capture_output=True, env=_environment(name), text=True)
        if run.returncode != 0:
            raise RuntimeError(f"{name} failed on {source}:\n{run.stderr}")
        figures: Figures = json.loads(run.stdout.splitlines()[-1])
        return figures
    finally:
        shutil.rmtree(output)


def _environment(name: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin"} | ({"PYTHONPATH": str(Path.cwd())} if name == "ours" else {})


def _verdict(name: str, comparison: Comparison) -> str:
    times = comparison.ratio("panimg", "ours", "s")
    processor = comparison.ratio("panimg", "ours", "CPU s")
    size = comparison.ratio("ours", "panimg", "out MB")
    aim = f" (aim {AIMS[name]})" if name in AIMS else ""
    return f"{times:.1f} times panimg's speed{aim}, {processor:.1f} in processor time, output {size:.3f} of its size."


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=300, help="of the CT series")
    parser.add_argument("--case", action="append", help="only cases whose name contains this")
    return parser.parse_args()


if __name__ == "__main__":
    main()
