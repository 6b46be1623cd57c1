"""What is remembered of a fleet between runs never changes a plan: it equals the plan from scratch after any edits."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer import pipeline
from renderer.engine import Workers
from renderer.fleet.books import Books
from renderer.fleet.destination import Destination
from renderer.fleet.press import Examine, Made, Order
from renderer.fleet.state import State
from renderer.fleet.workspace import Workspace
from renderer.plan import Entry
from renderer.publish import open_targets
from renderer.read import list_sites
from renderer.types import Digest
from tests.build import build_fleet
from tests.cli.conftest import FILES, Shop, shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from renderer.pipeline import Plan

__all__ = ["shop"]

EU = 'labels: {region: eu, kubernetes: "1.35"}\nvalues: {replicas: %d}\n'
ONE = Workers(1, "processes")


class Place:
    """A fleet in git, a folder that it is published to, and a state that is kept between looks."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "repository"
        build_fleet(self.repository, FILES)
        (self.repository / "schemas").mkdir()
        (self.repository / ".gitignore").write_text("*ignored*\n")
        self.root = self.repository / "fleets/labs"
        self.sites = self.root / "sites"
        self.to = f"oci-layout:{folder / 'registry'}"
        self.kept = folder / "state.db"
        self.git("init", "-q", "-b", "main")
        self.commit()
        self.serial = 0

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.repository), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")

    def open(self, state: State) -> tuple[Workspace, Books]:
        space = Workspace(self.root)
        destination = Destination.parse(space.fleet, self.to)
        space.remember(state)
        return space, Books(open_targets(destination.targets), destination, state=state)

    def plan(self, state: State) -> Plan:
        space, books = self.open(state)
        assert dict(space.index.sites) == list_sites(space.fleet).sites
        assert space.index.problems == list_sites(space.fleet).problems
        found = pipeline.make_plan(space, books, space.index.sites.keys(), ONE)
        state.close()
        return found

    def publish(self, numbers: set[int]) -> None:
        """Enter some of the sites into the ledger, as if they had been published as they are."""
        state = State(self.kept)
        space, books = self.open(state)
        self.serial += 1
        task = Examine(self.root)
        task.prepare()
        for number, file in enumerate(space.index.sites.values()):
            made = task(Order(file)) if number % 4 in numbers else None
            if isinstance(made, Made):
                out = Digest.of(made.site.encode())
                entry = Entry(file.digest, made.inputs, made.fingerprint, out, out, self.serial, "key", "t")
                books.note(made.site, made.region, entry)
        for site in set(books.entries) - space.index.sites.keys():
            books.drop(site)
        books.save(self.serial)
        state.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def write(path: Path, text: str) -> None:
    with suppress(OSError):  # a folder of that name, a file where a folder should be: then nothing is written
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_symlink():
            path.write_text(text)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with suppress(OSError):  # it is not there
            path.unlink()


paths = st.sampled_from(
    [
        *("berlin-01.yaml", "paris-01.yaml", "austin-01.yaml", "a/new-1.yaml", "a/b/new-2.yaml", "b/new-1.yaml", "a"),
        *("a/ignored-1.yaml", "a/b", ".hidden/x.yaml", "notes.txt", "A/new-1.yaml", "Bad_Name.yaml", "short.yml"),
    ]
)
layers = st.sampled_from(["global.yaml", "regions/us.yaml", "regions/eu.yaml"])
edits = st.one_of(
    st.tuples(st.just("write"), paths, st.integers(0, 3)),
    st.tuples(st.just("remove"), paths, st.none()),
    st.tuples(st.just("rename"), paths, paths),
    st.tuples(st.just("touch"), paths, st.none()),
    st.tuples(st.just("link"), paths, paths),
    st.tuples(st.just("layer"), layers, st.integers(1, 3)),
    st.tuples(st.just("template"), st.just(""), st.integers(0, 2)),
    st.tuples(st.just("policy"), st.just(""), st.integers(0, 2)),
    st.tuples(st.sampled_from(["commit", "revert", "back", "amend", "overlook", "stage"]), st.just(""), st.none()),
    st.tuples(st.just("publish"), st.just(""), st.sets(st.integers(0, 3))),
    st.tuples(st.just("look"), st.just(""), st.none()),
)


def edit(place: Place, what: str, path: str, more: object) -> None:
    """One thing that somebody, or an earlier run, may have done."""
    match what:
        case "write" | "remove" | "rename" | "touch" | "link":
            _with_file(place.sites / path, what, more, place.sites / str(more))
        case "layer":
            write(place.root / "layers" / path, f'templates: {{app: "1.0.0"}}\nvalues: {{replicas: {more}}}\n')
        case "template":
            write(place.repository / f"templates/app/1.0.0/template/extra-{more}.txt", "x")
        case "policy":
            with (place.root / "fleet.yaml").open("a") as fleet:
                fleet.write(f"# {more}\n")
        case "publish" if isinstance(more, set):
            place.publish(more)
        case _:
            _with_git(place, what)


def _with_file(file: Path, what: str, more: object, other: Path) -> None:
    with suppress(OSError):  # a folder where a file should be, or the other way round
        there = file.exists() or file.is_symlink()
        if what == "write":
            write(file, EU % (more if isinstance(more, int) else 1))
        elif what == "remove":
            remove(file)
        elif what == "rename" and there and not other.exists():
            other.parent.mkdir(parents=True, exist_ok=True)
            file.rename(other)
        elif what == "touch" and there:
            file.touch()
        elif what == "link" and not there:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.symlink_to(other)


def _with_git(place: Place, what: str) -> None:
    commands = {
        "revert": ["checkout", "-q", "--force", "HEAD", "--", "."],
        "back": ["reset", "-q", "--hard", "HEAD~1"],
        "amend": ["commit", "-q", "--amend", "--allow-empty", "-m", "amended"],
        "stage": ["add", "-A"],
    }
    tracked = place.git("ls-files", "fleets/labs/sites").splitlines()
    if what == "commit":
        place.commit()
    elif what == "overlook" and tracked:
        place.git("update-index", "--assume-unchanged", tracked[0])
    elif what in commands:
        with suppress(subprocess.CalledProcessError):  # there is nothing before the first commit
            place.git(*commands[what])


@given(st.lists(st.lists(edits, min_size=1, max_size=3), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_after_any_edits_the_plan_is_the_one_from_scratch(rounds: list[list[tuple[str, str, object]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder).resolve())
        for steps in rounds:
            for what, path, more in steps:
                edit(place, what, path, more)
            assert place.plan(State(place.kept)) == place.plan(State())


class Watch:
    """The files and folders that are opened while it is on. An audit hook cannot be taken out again, so it stays."""

    seen: ClassVar[list[str] | None] = None

    @classmethod
    def hook(cls, event: str, arguments: tuple[object, ...]) -> None:
        if cls.seen is not None and event in ("open", "os.scandir", "os.listdir"):
            cls.seen.append(str(arguments[0]))


@pytest.fixture
def watch() -> Iterator[Callable[[], list[str]]]:
    """Begins to watch when it is called; what it gives fills while the test goes on."""
    sys.addaudithook(Watch.hook)

    def begin() -> list[str]:
        Watch.seen = []
        return Watch.seen

    yield begin
    Watch.seen = None


def test_one_changed_site_opens_its_own_file_only(shop: Shop, watch: Callable[[], list[str]]) -> None:
    shop.publish()
    shop.edit("sites/paris-01.yaml", EU % 5)
    opened = watch()

    assert shop.publish().outcomes() == {"paris-01": "published"}

    sites = str(shop.root / "sites")
    assert {path for path in opened if path.startswith(sites)} == {f"{sites}/paris-01.yaml"}


def test_a_look_without_changes_opens_no_site_file(shop: Shop, watch: Callable[[], list[str]]) -> None:
    shop.publish()
    opened = watch()

    assert shop("plan", "--to", shop.target, "-o", "json").json["unchanged"] == 3

    assert not [path for path in opened if path.startswith(str(shop.root / "sites"))]


@pytest.mark.parametrize("command", ["verify", "diff", "rollback", "why-changed"])
def test_who_asks_about_one_site_opens_no_other(shop: Shop, watch: Callable[[], list[str]], command: str) -> None:
    shop.publish("--serial", "1")
    shop.edit("sites/paris-01.yaml", EU % 5)
    shop.publish("--serial", "2")
    shop("plan", "--to", shop.target)
    opened = watch()

    done = {
        "verify": lambda: shop("verify", "paris-01", "--to", shop.target, "--key", shop.public),
        "diff": lambda: shop("diff", "paris-01", "--to", shop.target),
        "rollback": lambda: shop(
            *("rollback", "paris-01", "--last-good", "--to", shop.target, "--key", shop.private, "--serial", "3")
        ),
        "why-changed": lambda: shop("explain", "paris-01", "--why-changed", "--to", shop.target),
    }[command]()

    assert done.code == 0, done.err
    sites = str(shop.root / "sites")
    assert {path for path in opened if path.startswith(sites)} <= {f"{sites}/paris-01.yaml"}


def test_changes_that_are_not_committed_are_seen_and_so_is_their_end(place: Place) -> None:
    place.publish({0, 1, 2, 3})
    assert place.plan(State(place.kept)).changed == {}
    (place.sites / "paris-01.yaml").write_text(EU % 7)
    (place.sites / "more").mkdir()
    (place.sites / "more/rome-01.yaml").write_text(EU % 7)
    assert set(place.plan(State(place.kept)).changed) == {"paris-01", "rome-01"}
    shutil.rmtree(place.sites / "more")
    place.git("checkout", "-q", ".")
    assert place.plan(State(place.kept)).changed == {}


def test_files_that_git_looks_away_from_are_seen(place: Place) -> None:
    place.publish({0, 1, 2, 3})
    place.git("update-index", "--assume-unchanged", "fleets/labs/sites/paris-01.yaml")
    place.plan(State(place.kept))
    (place.sites / "paris-01.yaml").write_text(EU % 7)
    (place.sites / "ignored-1.yaml").write_text(EU % 7)

    assert set(place.plan(State(place.kept)).changed) == {"paris-01", "ignored-1"}
    (place.sites / "ignored-1.yaml").write_text(EU % 8)
    place.publish({0, 1, 2, 3})
    (place.sites / "ignored-1.yaml").write_text(EU % 9)
    assert set(place.plan(State(place.kept)).changed) == {"ignored-1"}


def test_a_folder_without_git_and_one_whose_history_is_gone_are_read_as_a_whole(place: Place) -> None:
    place.publish({0, 1, 2, 3})
    (place.sites / "paris-01.yaml").write_text(EU % 7)
    shutil.rmtree(place.repository / ".git")
    assert set(place.plan(State(place.kept)).changed) == {"paris-01"}
    place.git("init", "-q", "-b", "main")
    place.commit()
    assert set(place.plan(State(place.kept)).changed) == {"paris-01"}


def test_a_submodule_among_the_sites_is_read_as_what_it_holds(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(other))
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    (other / "rome-01.yaml").write_text(EU % 1)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    place.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "fleets/labs/sites/sub")
    place.commit()
    place.publish({0, 1, 2, 3})
    (place.sites / "sub/oslo-01.yaml").write_text(EU % 1)
    (place.sites / "sub/rome-01.yaml").write_text(EU % 2)

    assert set(place.plan(State(place.kept)).changed) == {"oslo-01", "rome-01"}


def _spoil(path: Path, number: int) -> None:
    data = bytearray(path.read_bytes())
    spoilt = {
        0: b"",
        1: bytes(data[: len(data) // 2]),
        2: b"no database at all" * 100,
        3: bytes(data[:100] + bytes(4000) + data[4100:]),
        4: bytes(4096) + bytes(data[4096:]),
        5: bytes(data[:4096] + b"\xff" * (len(data) - 4096)),
    }
    path.write_bytes(spoilt[number])


@pytest.mark.parametrize("number", range(6))
def test_a_spoilt_state_is_made_anew(place: Place, number: int) -> None:
    place.publish({0, 1, 2, 3})
    (place.sites / "paris-01.yaml").write_text(EU % 7)
    _spoil(place.kept, number)

    state, problem = State.of(place.kept.parent, "x")
    state.close()
    assert problem is None
    assert state.path is not None
    shutil.move(place.kept, state.path)
    again, _ = State.of(place.kept.parent, "x")
    assert set(place.plan(again).changed) == {"paris-01"}
    assert set(place.plan(State.of(place.kept.parent, "x")[0]).changed) == {"paris-01"}


def test_a_state_that_others_can_write_is_not_used(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "cache"))
    shop.publish()
    (database,) = (tmp_path / "cache/state").glob("*.db")
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    database.chmod(0o666)
    done = shop("plan", "--to", shop.target, "-o", "json")
    assert (done.code, done.json["unchanged"]) == (0, 3)
    assert "FP710" in done.err
    database.chmod(0o600)
    database.parent.chmod(0o777)
    assert "FP710" in shop("plan", "--to", shop.target, "-o", "json").err


def test_a_cache_that_cannot_be_written_is_told_and_not_needed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "file/cache"))

    assert "FP711" in shop.publish().err
    assert shop("plan", "--to", shop.target, "-o", "json").json["unchanged"] == 3


def test_what_another_machine_publishes_is_seen(place: Place, tmp_path: Path) -> None:
    place.publish({0, 1})
    here = place.kept
    for numbers in ({2}, {3}, {0, 1, 2, 3}):
        place.kept = tmp_path / "there.db"
        place.publish(numbers)
        place.kept = here
        assert place.plan(State(here)) == place.plan(State())


def test_processes_may_share_a_state(place: Place) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.test_following import Place, State; "
        "place = Place.__new__(Place); root = Path(sys.argv[1]); place.repository = root / 'repository'; "
        "place.root = place.repository / 'fleets/labs'; place.to = f'oci-layout:{root}/registry'; "
        "place.kept = root / 'state.db'; place.serial = int(sys.argv[2]); place.publish({int(sys.argv[2]) % 4})"
    )
    place.plan(State(place.kept))
    folder = str(place.kept.parent)
    running = [subprocess.Popen([sys.executable, "-c", program, folder, str(number)]) for number in range(4)]

    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert place.plan(State(place.kept)) == place.plan(State())


def test_a_process_that_is_killed_in_a_transaction_leaves_what_was_there(place: Place) -> None:
    place.publish({0, 1, 2, 3})
    program = (
        "import os, sys; from pathlib import Path; from renderer.fleet.state import State; "
        "state = State(Path(sys.argv[1])); "
        "state.change(lambda: (state.run('DELETE FROM file'), state.run('DELETE FROM entry'), os.kill(os.getpid(), 9)))"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(place.kept)], check=False)

    assert killed.returncode == -9
    assert place.plan(State(place.kept)).unchanged == 3


def test_a_full_disk_costs_the_state_and_nothing_else(place: Place) -> None:
    state, _ = State.of(place.kept.parent, "x")
    state.close()
    assert state.path is not None
    place.kept = state.path
    place.publish({0, 1, 2, 3})
    for number in range(300):
        (place.sites / f"more-{number:03}.yaml").write_text(EU % 7)
    program = (
        "import resource, signal, sys; from pathlib import Path; from tests.test_following import Place, State; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
        "place = Place.__new__(Place); root = Path(sys.argv[1]); place.root = root / 'repository/fleets/labs'; "
        "place.to = f'oci-layout:{root}/registry'; print(len(place.plan(State.of(root, 'x')[0]).changed))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(place.kept.parent)], capture_output=True, text=True, check=True
    )

    assert done.stdout == "300\n"
