"""A worker's name: the same after it died, another one's while it lives."""

import subprocess
import sys
from pathlib import Path

from streams.instance import instance


def test_the_name_is_free_again_however_its_holder_ends(tmp_path: Path) -> None:
    with instance(tmp_path, lambda: "here") as first, instance(tmp_path, lambda: "here") as second:
        assert (first, second) == ("here-0", "here-1")
        with instance(tmp_path, lambda: "here") as third:
            assert third == "here-2"
    with instance(tmp_path, lambda: "here") as again:
        assert again == "here-0"


def test_a_killed_process_lets_go_of_it(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from streams.instance import instance\n"
        "with instance(Path(sys.argv[1]), lambda: 'here') as name: print(name, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (killed.returncode, killed.stdout) == (-9, "here-0\n")
    with instance(tmp_path, lambda: "here") as name:
        assert name == "here-0"


def test_where_nothing_can_be_written_there_is_no_name_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with instance(tmp_path / "file" / "below") as name:
        assert name is None
