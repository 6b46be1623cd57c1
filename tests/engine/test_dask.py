"""The Dask engine: what the others promise, on a cluster that loses workers. Everything stays on this machine."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import distributed
import psutil
import pytest

from benchmarks.generate import generate
from renderer.engine import Cluster, Dask, Serial, Workers, for_size, guard
from renderer.engine.child import Child
from renderer.engine.identity import differences, identity
from renderer.errors import Code, ConfigurationError, EnvironmentFailure, FleetpressError
from renderer.fleet.press import Order, Press, Pressed
from renderer.fleet.workspace import Workspace
from renderer.sign import generate_key
from tests.build import build_fleet
from tests.engine.test_engines import Square

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = str(Path(sys.executable).with_name("fleetpress"))


@dataclass
class Hasty(Square):
    """Has less patience than others, tells where it runs, and what it knows of its surroundings."""

    def prepare(self) -> None:
        super().prepare()
        guard.SECONDS_PER_ITEM = 0.1

    def __call__(self, item: int | str) -> str:
        if item == "pid":
            return str(os.getpid())
        if item == "environment":
            return " ".join(name for name in os.environ if "KEY" in name or "PASSWORD" in name)
        return super().__call__(item)


@dataclass
class Elsewhere(Square):
    """Finds another ground wherever it is asked."""

    def ground(self) -> dict[str, str]:
        return {"layers": str(os.getpid()), "templates": "same"}


@dataclass
class Unprepared(Square):
    """Cannot be prepared."""

    def prepare(self) -> None:
        raise KeyError("nothing")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    opened = Cluster(workers=2)
    yield opened
    opened.close()


def code_of(error: FleetpressError) -> Code:
    return error.problems[0].code


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_results_are_those_of_the_others_in_order(cluster: Cluster, chunk: int) -> None:
    assert list(Dask(cluster, chunk).map(Square(1), range(40))) == [str(n**2 + 1) for n in range(40)]


def test_no_items_give_no_results(cluster: Cluster) -> None:
    assert list(Dask(cluster).map(Square(), [])) == []


def test_items_that_kill_or_eat_or_never_end_are_lost_alone(cluster: Cluster) -> None:
    items: list[int | str] = [0, 1, "kill", 3, "bomb", 5, "sleep", 7, "kill"]

    results = list(Dask(cluster, 4).map(Hasty(), items))

    assert [results[number] for number in (0, 1, 3, 5, 7)] == ["0", "1", "9", "25", "49"]
    killed = "lost kill: ended its worker process (killed, out of memory, or a crash in native code)"
    assert results[2] == results[8] == killed
    assert results[4] == "lost bomb: needed more than 2048 MiB of memory"
    assert results[6] == "lost sleep: took longer than 0.1 s"


def test_items_are_not_read_far_ahead(cluster: Cluster) -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    results = Dask(cluster, 10).map(Square(), items())

    assert next(results) == "0"
    assert len(read) <= 2 * 3 * 10
    results.close()  # type: ignore[attr-defined]


def test_nothing_is_left_behind_when_the_reader_goes_away(cluster: Cluster) -> None:
    results = Dask(cluster, 1).map(Hasty(), ["pid", *range(10), "sleep", *range(100)])
    pid = int(next(results))
    os.kill(pid, 0)

    results.close()  # type: ignore[attr-defined]

    assert ends(pid)
    names = [name for found in cluster.client().run(plugins).values() for name in found]
    assert not any(name.startswith("fleetpress") for name in names)


def plugins(dask_worker: Any) -> list[str]:
    """The names of a Dask worker's plugins."""
    return list(dask_worker.plugins)


def at_work(pid: int) -> list[int]:
    """The processes below `pid` that work at sites, once there are any."""
    for _ in range(600):
        found = [
            one.pid for one in psutil.Process(pid).children(recursive=True) if "renderer.engine.child" in one.cmdline()
        ]
        if found:
            return found
        time.sleep(0.1)
    return []


def ends(pid: int) -> bool:
    """Whether a process is gone soon."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_worker_learns_neither_the_key_nor_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLEETPRESS_KEY", "FLEETPRESS_KEY_PASSWORD", "COSIGN_PASSWORD"):
        monkeypatch.setenv(name, "secret")
    child = Child(pickle.dumps(Hasty()), {})

    known = pickle.loads(child.ask(pickle.dumps(("environment",))))
    child.kill()

    assert "secret" in os.environ["FLEETPRESS_KEY"]
    assert not {"FLEETPRESS_KEY", "FLEETPRESS_KEY_PASSWORD", "COSIGN_PASSWORD"} & set(known[0].split())


def test_nothing_but_the_folder_and_the_date_crosses_with_a_task(tmp_path: Path) -> None:
    assert vars(pickle.loads(pickle.dumps(Press(tmp_path)))) == {"root": tmp_path, "today": None}


def test_a_worker_with_another_fleet_is_refused(cluster: Cluster) -> None:
    with pytest.raises(ConfigurationError, match="the fleet on a worker is not the one here: layers is") as caught:
        list(Dask(cluster).map(Elsewhere(), range(10)))

    assert code_of(caught.value) is Code.WORKER_DIFFERS


def test_a_worker_with_another_program_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.engine.dask.identity", lambda: {**identity(), "jinja2": "2.0"})

    with pytest.raises(ConfigurationError, match=r"other programs: jinja2 is .*, expected 2\.0") as caught:
        list(Dask(cluster).map(Square(), range(10)))

    assert code_of(caught.value) is Code.WORKER_DIFFERS


def test_a_task_that_cannot_be_prepared_ends_the_run_once(cluster: Cluster) -> None:
    with pytest.raises(EnvironmentFailure, match="KeyError") as caught:
        list(Dask(cluster).map(Unprepared(), range(10)))

    assert code_of(caught.value) is Code.INTERNAL


def test_identity_names_python_and_every_package_that_makes_bytes() -> None:
    found = identity()

    assert {"Python", "fleetpress", "jinja2", "deflate", "pyyaml"} <= found.keys()
    assert "distributed" not in found
    assert differences(found, dict(found)) == []


def test_without_dask_the_command_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(ConfigurationError) as caught:
        Cluster().client()

    assert code_of(caught.value) is Code.ENGINE_MISSING
    assert "pip install 'fleetpress[dask]'" in caught.value.problems[0].hint


def test_a_scheduler_that_is_not_there_is_a_failure_of_the_environment() -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        Cluster("127.0.0.1:9", patience=0.5).client()

    assert code_of(caught.value) is Code.CLUSTER_FAILED
    assert "127.0.0.1:9" in str(caught.value)


def test_a_scheduler_without_workers_is_one_too_and_no_connection_is_kept() -> None:
    with distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty:
        opened = Cluster(empty.scheduler_address, patience=0.5)

        with pytest.raises(EnvironmentFailure) as caught:
            opened.client()

        assert code_of(caught.value) is Code.CLUSTER_FAILED
        assert not [name for name in empty.scheduler.clients if name.startswith("Client-")]


@pytest.mark.parametrize("engine", ["dusk", "dask://", "dask://host", "dask://host:port", "tls://:1", "", "Serial"])
def test_an_engine_that_there_is_none_of_is_refused(engine: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Workers(1, engine)

    assert code_of(caught.value) is Code.ENGINE_UNKNOWN


@pytest.mark.parametrize("engine", ["dask", "dask://host:8786", "tcp://host:8786", "tls://[::1]:8786"])
def test_a_cluster_is_not_opened_for_few_sites(engine: str) -> None:
    workers = Workers(2, engine)

    assert isinstance(for_size(100, workers), Serial)
    assert isinstance(for_size(101, workers), Dask)
    workers.close()


def test_chunks_are_large_enough_to_pay_and_small_enough_to_share() -> None:
    workers = Workers(2, "dask")

    engines = {items: for_size(items, workers) for items in (101, 6400, 100_000)}

    assert {items: engine.chunk for items, engine in engines.items() if isinstance(engine, Dask)} == {
        101: 25,
        6400: 100,
        100_000: 250,
    }


def test_the_ground_of_a_fleet_is_all_that_its_sites_share(tmp_path: Path) -> None:
    root = build_fleet(tmp_path, {"templates/app/1.0.0/copier.yml": "site: {type: str}\n", "sites/a.yaml": ""})
    before = Press(root).ground()

    (root / "sites" / "a.yaml").write_text("labels: {}\n")
    assert Press(root).ground() == before
    (root / "layers" / "global.yaml").write_text("values: {a: 1}\n")
    assert differences(before, Press(root).ground())[0].startswith("fleets/labs/layers is ")
    (tmp_path / "templates" / "app" / "1.0.0" / "copier.yml").chmod(0o755)
    assert len(differences(before, Press(root).ground())) == 2
    assert Press(tmp_path / "nowhere").ground()["fleet.yaml"] == "missing"


@pytest.mark.slow
def test_a_scheduler_whose_workers_all_go_away_ends_the_run() -> None:
    with_workers = Cluster(workers=1)
    client = with_workers.client()
    used = Cluster(client.scheduler.address, patience=1.0)
    results = Dask(used, 1).map(Hasty(), range(1000))
    assert next(results) == "0"

    client.cluster.scale(0)

    with pytest.raises(EnvironmentFailure) as caught:
        list(results)
    assert code_of(caught.value) is Code.CLUSTER_FAILED
    used.close()
    with_workers.close()


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_middle_changes_no_digest(tmp_path: Path) -> None:
    root = generate(tmp_path, sites=240, poison=0.02).root
    orders = [Order(file) for file in Workspace(root).index.sites.values()]
    expected = [told(outcome) for outcome in Serial().map(Press(root), orders)]
    opened = Cluster(workers=2)
    pids = list(opened.client().run(os.getpid).values())

    found, children = [], []
    for number, outcome in enumerate(Dask(opened, 20).map(Press(root), orders)):
        found.append(told(outcome))
        if number in {0, 100}:
            children += at_work(pids[-1])
            os.kill(pids.pop(), signal.SIGKILL)
    opened.close()

    assert not pids
    assert all(map(ends, children))
    assert found == expected
    assert sum(isinstance(one, str) for one in found) == 235


def told(outcome: Any) -> Any:
    """An outcome as what can be compared: a digest, or problems."""
    return str(outcome.artifact.manifest.digest) if isinstance(outcome, Pressed) else outcome


@pytest.mark.slow
def test_ctrl_c_ends_a_run_on_a_cluster_with_all_its_processes(tmp_path: Path) -> None:
    root = generate(tmp_path, sites=3000).root
    command = [PROGRAM, "validate", "--fleet", str(root), "--engine", "dask", "--workers", "2"]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    children = at_work(run.pid)

    os.killpg(run.pid, signal.SIGINT)
    talk = run.communicate(timeout=60)[1]

    assert run.returncode == 130
    assert all(map(ends, children))
    assert talk.splitlines()[-1] == "interrupted; running again is safe"
    assert "Traceback" not in talk


@pytest.mark.slow
def test_the_command_says_and_writes_the_same_with_every_engine(cluster: Cluster, tmp_path: Path) -> None:
    made = generate(tmp_path / "repository", sites=130, poison=0.03)
    generate_key(tmp_path / "fleet")
    address = cluster.client().scheduler.address.replace("tcp://", "dask://")
    said: dict[str, str] = {}
    kept: dict[str, dict[str, bytes]] = {}
    for number, engine in enumerate(("serial", "processes", "dask", address)):
        here = tmp_path / str(number)
        here.mkdir()
        command = [PROGRAM, "publish", "--fleet", str(made.root), "--to", "oci-layout:out", "--serial", "7"]
        command += ["--key", str(tmp_path / "fleet.key"), "--engine", engine, "--workers", "2", "-o", "json"]
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
        assert done.returncode == 3, done.stderr
        said[engine] = done.stdout
        kept[engine] = {str(path.relative_to(here)): path.read_bytes() for path in sites_of(here / "out")}

    assert said["serial"] == said["processes"] == said["dask"] == said[address]
    assert kept["serial"] == kept["processes"] == kept["dask"] == kept[address]
    assert len(kept["serial"]) > 126


def sites_of(folder: Path) -> list[Path]:
    """All files that a publication left, but for the ledger: it tells the time."""
    return [path for path in folder.rglob("*") if path.is_file() and "ledger" not in path.parts]
