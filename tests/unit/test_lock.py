"""One process writes to a folder at a time."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurorebit.results import lock
from neurorebit.schema import InputError

REPORT = Path(__file__).parents[2] / "reports" / "reference" / "vgg11" / "report.json"
HOLDING = """
import sys
from pathlib import Path
from neurorebit.results.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds a folder."""
    done = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.stdout.readline() == "held\n"
    yield done
    done.kill()
    done.communicate()


def test_the_second_is_refused_with_the_name_of_the_first(tmp_path, holder):
    with pytest.raises(InputError) as refused, lock.held(tmp_path / "out"):
        pass
    said = str(refused.value)
    assert f": an unfinished run of process {holder.pid} on " in said
    assert said.endswith("writes to this folder; wait for its end, or name another folder")
    with lock.held(tmp_path / "other"):
        pass


def test_a_lock_ends_with_its_process(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "out" / lock.NAME).is_file(), "what a killed process leaves"
    with lock.held(tmp_path / "out"):
        assert str(os.getpid()) in (tmp_path / "out" / lock.NAME).read_text()
    assert not (tmp_path / "out" / lock.NAME).exists()


def test_no_room_for_a_lock_is_a_line_that_names_the_folder(tmp_path, monkeypatch):
    def full(handle, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device; name"):  # noqa: SIM117
        with lock.held(tmp_path / "out"):
            pass
    assert not list(tmp_path.iterdir())


def test_a_folder_that_stays_empty_is_not_left(tmp_path):
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path / "a" / "b"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with lock.held(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "x").write_text("")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["x"]


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path):
    (tmp_path / "kept").write_text("kept")
    (tmp_path / lock.NAME).symlink_to(tmp_path / "kept")
    with pytest.raises(InputError, match="cannot be written"), lock.held(tmp_path):
        pass
    assert (tmp_path / "kept").read_text() == "kept"


def test_billing_anew_and_a_comparison_hold_their_folder(tmp_path, holder):
    from neurorebit.studies import rebill, schemes
    from neurorebit.studies.request import Request

    (tmp_path / "out" / "report.json").write_bytes(REPORT.read_bytes())
    with pytest.raises(InputError, match=f"process {holder.pid} on .* writes to this folder"):
        rebill.rebill(tmp_path / "out")
    request = Request("mlp", out=tmp_path / "out", replace=True)
    with pytest.raises(InputError, match=f"process {holder.pid} on .* writes to this folder"):
        schemes.schemes(request, ["real"], 1, say=print)
