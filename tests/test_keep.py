"""What is kept between runs: the same bytes again or nothing, whatever happens to the files."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from renderer.fleet import keep
from renderer.fleet.keep import Keep, Salted

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

from renderer.validate.report import FileReport
from renderer.validate.verdicts import encoded
from tests.cli.conftest import shop

__all__ = ["shop"]


def rows(count: int) -> dict[bytes, bytes]:
    return {b"key %d" % number: b"value %d" % number * 50 for number in range(count)}


def fill(folder: Path, entries: dict[bytes, bytes]) -> None:
    kept = Keep(folder)
    for key, value in entries.items():
        kept.put(key, value)
    kept.close()


def whole_or_nothing(folder: Path, entries: dict[bytes, bytes]) -> int:
    kept = Keep(folder)
    found = kept.find([*entries])
    kept.close()
    assert all(value == entries[key] for key, value in found.items())
    return len(found)


def test_what_was_kept_is_there_in_the_next_run(tmp_path: Path) -> None:
    fill(tmp_path, rows(3000))

    assert whole_or_nothing(tmp_path, rows(3000)) == 3000
    assert Keep(tmp_path).find([b"another key"]) == {}


def test_a_flipped_bit_anywhere_gives_the_right_bytes_or_none(tmp_path: Path) -> None:
    fill(tmp_path, rows(40))
    (path,) = tmp_path.glob("*.db")
    good = path.read_bytes()
    dice = random.Random(1)
    for position in [*range(100), *dice.sample(range(len(good)), 300)]:
        for stray in tmp_path.iterdir():
            stray.unlink()
        path.write_bytes(good[:position] + bytes([good[position] ^ (1 << dice.randrange(8))]) + good[position + 1 :])
        whole_or_nothing(tmp_path, rows(40))
        fill(tmp_path, rows(2))
        # Damage that SQLite notices costs the file, and from then on all is well.
        fill(tmp_path, rows(2))


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(84), bytes(8192)])
def test_a_file_that_is_no_database_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "memo-2-00000001.db").write_bytes(content)
    whole_or_nothing(tmp_path, rows(5))
    fill(tmp_path, rows(5))

    assert whole_or_nothing(tmp_path, rows(5)) == 5


def test_a_truncated_file_is_replaced(tmp_path: Path) -> None:
    fill(tmp_path, rows(500))
    (path,) = tmp_path.glob("*.db")
    path.write_bytes(path.read_bytes()[:9000])
    whole_or_nothing(tmp_path, rows(500))
    whole_or_nothing(tmp_path, rows(500))
    fill(tmp_path, rows(500))

    assert whole_or_nothing(tmp_path, rows(500)) == 500


def test_it_does_not_grow_beyond_its_limit_and_keeps_what_is_asked_for(tmp_path: Path) -> None:
    kept = Keep(tmp_path, limit=4 << 20)
    kept.put(b"often", b"asked for")
    for number in range(20_000):
        kept.put(b"once %d" % number, os.urandom(1000))
        if number % 500 == 0:
            assert kept.find([b"often"]) == {b"often": b"asked for"}
    kept.close()

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 8 << 20


WRITER = (
    "import sys; from pathlib import Path; from renderer.fleet.keep import Keep; from tests.test_keep import rows\n"
    "kept = Keep(Path(sys.argv[1]))\n"
    "while True:\n"
    "    for key, value in rows(3000).items(): kept.put(key, value)\n"
    "    print('round', flush=True)\n"
)


def test_processes_that_write_at_once_and_are_killed_leave_nothing_wrong(tmp_path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in running:
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "round\n"
            process.kill()

    whole_or_nothing(tmp_path, rows(3000))
    fill(tmp_path, rows(3000))
    assert whole_or_nothing(tmp_path, rows(3000)) == 3000


def test_a_worker_that_ends_leaves_what_it_found(tmp_path: Path) -> None:
    program = (
        "import multiprocessing, sys; from pathlib import Path; from renderer.fleet.keep import Keep\n"
        "def work(folder): Keep(Path(folder)).put(b'key', b'value')\n"
        "if __name__ == '__main__':\n"
        "    worker = multiprocessing.get_context('fork').Process(target=work, args=(sys.argv[1],))\n"
        "    worker.start(); worker.join()\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)

    assert Keep(tmp_path).find([b"key"]) == {b"key": b"value"}


def test_a_full_disk_ends_keeping_and_nothing_else(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path; from renderer.fleet.keep import Keep\n"
        "from tests.test_keep import rows\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "kept = Keep(Path(sys.argv[1]))\n"
        "for key, value in rows(5000).items(): kept.put(key, value)\n"
        "kept.close(); print(kept.find([b'key 1']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True)

    assert done.stdout == "{}\n"
    assert whole_or_nothing(tmp_path, rows(5000)) < 5000


def test_files_of_another_format_are_removed(tmp_path: Path) -> None:
    (tmp_path / "memo-1-00000007.db").write_bytes(b"of an earlier program")
    fill(tmp_path, rows(2))

    assert [path.name for path in tmp_path.glob("*.db")] == ["memo-2-00000001.db"]


def test_many_keys_are_asked_for_at_once(tmp_path: Path) -> None:
    fill(tmp_path, rows(1200))
    kept = Keep(tmp_path)
    kept.put(b"key waiting", b"value")

    found = kept.find([*rows(1500), b"key waiting"])

    assert found == {**rows(1200), b"key waiting": b"value"}
    assert (kept.hits, kept.misses) == (1201, 300)


def test_salts_keep_programs_apart(tmp_path: Path) -> None:
    kept = Keep(tmp_path)
    Salted(kept, b"content", b"program 1").put(b"key", b"value")

    assert Salted(kept, b"content", b"program 1").find([b"key"]) == {b"key": b"value"}
    assert Salted(kept, b"content", b"program 2").find([b"key"]) == {}
    assert Salted(kept, b"contentprogram 1").find([b"key"]) == {}


def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path))
    opened = keep.open_keep()
    assert opened is not None
    (tmp_path / "memo").chmod(0o777)
    assert keep.open_keep() is None
    (tmp_path / "memo").chmod(0o700)
    next((tmp_path / "memo").glob("*.db")).chmod(0o666)
    assert keep.open_keep() is None


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc to count open files")
def test_another_folder_closes_the_one_that_was_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "0"))
    opened = keep.open_keep()
    assert opened is keep.open_keep()
    before = files()
    for number in range(1, 20):
        monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / str(number)))
        assert keep.open_keep() is not None

    assert files() == before
    assert opened is not None
    opened.put(b"key", b"value")
    assert opened.find([b"other"]) == {}, "who still has it goes on without"


def test_a_second_run_makes_the_same_artifacts_from_what_is_kept(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shop.publish(to=f"oci-layout:{tmp_path / 'one'}").json
    kept = keep.open_keep()
    assert kept is not None
    before = kept.hits
    second = shop.publish(to=f"oci-layout:{tmp_path / 'two'}").json
    assert kept.hits > before
    monkeypatch.setenv("FLEETPRESS_MEMO", "off")
    third = shop.publish(to=f"oci-layout:{tmp_path / 'three'}").json

    digests = [{one["site"]: one["digest"] for one in run["receipts"]} for run in (first, second, third)]
    assert digests[0] == digests[1] == digests[2]


def test_a_kept_verdict_that_is_wrong_is_told_and_keeps_the_site_back(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("renderer.validate.reports.CHECK_ONE_IN", 1)
    shop.publish(to=f"oci-layout:{tmp_path / 'one'}")
    monkeypatch.setattr(Salted, "find", lambda _self, keys: {key: encoded({key: FileReport()}) for key in keys})
    done = shop.publish(to=f"oci-layout:{tmp_path / 'two'}")

    assert "FP319" in done.codes()
    assert done.code == 3
