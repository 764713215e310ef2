"""The README's tour, pasted as a reader would paste it."""

import re
import subprocess
from pathlib import Path

from tests.support.platform import running_platform
from tests.support.servers import installed

ROOT = Path(__file__).parents[2]
TOUR = "## Five minutes with curl"


def tour() -> str:
    """Return the shell blocks of the tour, without the one that sets the reader's own token and address."""
    section = (ROOT / "README.md").read_text().split(TOUR)[1].split("\n## ")[0]
    blocks = re.findall(r"```bash\n(.*?)```", section, flags=re.DOTALL)
    return "\n".join(line for block in blocks for line in block.splitlines() if "export TOKEN" not in line)


def test_the_tour_works_when_pasted(data: Path) -> None:
    installed("curl and jq")
    with running_platform(data) as platform:
        script = tour().replace("http://127.0.0.1:8080", platform.address)

        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={"TOKEN": platform.token, "PATH": "/usr/local/bin:/usr/bin:/bin"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"Completed"' in done.stdout
    assert '"status": "Succeeded"' in done.stdout
    assert '"title": "ct.mha"' in done.stdout
    assert '"voxel_width_mm": 0.7' in done.stdout
    assert re.search(r"^404$", done.stdout, flags=re.MULTILINE)
    assert re.search(r"^200$", done.stdout, flags=re.MULTILINE)
    assert (
        Path("/tmp/preview.jpeg").read_bytes()[:3] == b"\xff\xd8\xff"
        or Path("/tmp/preview.jpeg").read_bytes()[:4] == b"\x89PNG"
    )
