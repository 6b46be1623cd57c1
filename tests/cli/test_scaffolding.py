"""`init` and `new`: what they make is valid and publishable, and what fails leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from tests.build import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Done, Shop

ROOT = Path(__file__).parents[2]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """The command in an empty folder, without a terminal."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return shop.run


def made(done: Done) -> list[str]:
    assert done.code == 0, done.err
    found: list[str] = done.json["files"]
    schema = json.loads((ROOT / "schemas/output/made.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(done.json)
    return found


def test_a_new_fleet_with_a_new_site_and_template_is_valid_published_and_verified(
    run: Callable[..., Done], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made(run("init", "shops", "-o", "json", "--answer", "regions=[eu, us]"))
    assert {"fleets/shops/layers/regions/us.yaml", "fleets/shops/sites/eu/de/de-shops-01.yaml"} <= set(files)
    monkeypatch.chdir("shops")
    site = run("new", "site", "austin-01", "--label", "region=us", "--label", "ring=broad", "-o", "json")
    template = run("new", "template", "printer", "-o", "json")
    assert made(site) == ["fleets/shops/sites/us/de/austin-01.yaml"]
    assert "templates/printer/next/copier.yml" in made(template)
    pinned = Path("fleets/shops/layers/global.yaml")
    pinned.write_text(pinned.read_text().replace("templates:\n", "templates:\n  printer: next\n"))

    validated = run("validate")
    published = run("publish", "--to", shop.target, "--key", str(shop.private), "--serial", "1")
    verified = run("verify", "--to", shop.target, "--key", str(shop.public))

    assert (validated.code, validated.out) == (0, "2 sites checked, no errors\n"), validated.out
    assert published.code == 0, published.err
    assert "2 verified, 0 failed" in verified.out


@pytest.mark.parametrize(
    "answers",
    [
        [],
        ["ci=github"],
        ["ci=none", "template=no", "regions=['1', 'no']", "rings=['yes', '007', 'y']"],
        ["name=x", "countries=[de, 'no', at]", "kubernetes=1.35", "registry=oci://localhost:5000/a", "site=y"],
        ["regions=[" + ", ".join(f"r{number}" for number in range(60)) + "]"],
    ],
)
def test_whatever_is_answered_a_new_fleet_is_valid(run: Callable[..., Done], answers: list[str]) -> None:
    flags = [word for answer in answers for word in ("--answer", answer)]

    assert run("init", ".", *flags).code == 0

    validated = run("validate")
    assert (validated.code, validated.out) == (0, "1 site checked, no errors\n")


def test_a_new_fleet_has_the_jobs_of_its_ci(run: Callable[..., Done]) -> None:
    for ci, jobs in {
        "gitlab": {".gitlab-ci.yml", "ci/fleetpress.gitlab-ci.yml"},
        "github": {".github/workflows/fleetpress.yml", ".github/actions/fleetpress/action.yml"},
        "none": set(),
    }.items():
        files = made(run("init", ci, "--answer", f"ci={ci}", "-o", "json"))
        assert {file for file in files if "ci" in Path(file).parts[0] or ".github" in file} == jobs


def test_every_yaml_file_of_a_new_fleet_names_a_schema_that_is_there(run: Callable[..., Done]) -> None:
    files = [Path(file) for file in made(run("init", ".", "-o", "json")) if file.startswith("fleets/")]

    for file in files:
        first = file.read_text().splitlines()[0]
        assert (file.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve().is_file(), first


def test_a_new_fleet_takes_its_name_from_the_folder(run: Callable[..., Done]) -> None:
    run("init", "Labs of Köln_2")
    named = run("init", "other", "--name", "labs")

    assert Path("Labs of Köln_2/fleets/labs-of-k-ln-2/fleet.yaml").is_file()
    assert named.code == 0
    assert Path("other/fleets/labs/fleet.yaml").is_file()


def test_init_keeps_what_is_there_and_refuses_to_replace_it(run: Callable[..., Done]) -> None:
    write(Path("mine/notes.txt"), "notes")
    write(Path("mine/README.md"), "mine")
    before = files_in(Path("mine"))

    refused = run("init", "mine")

    assert refused.code == 2
    assert "error FP807 README.md:1: the file exists already" in refused.err
    assert files_in(Path("mine")) == before
    Path("mine/README.md").unlink()
    assert run("init", "mine").code == 0
    assert Path("mine/notes.txt").read_text() == "notes"


def test_a_link_or_file_in_the_way_is_refused(run: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    Path("shops").mkdir()
    Path("shops/fleets").symlink_to(tmp_path / "elsewhere")
    write(Path("shops/templates"), "a file")

    done = run("init", "shops")

    assert done.code == 2
    assert done.err.count("FP807") == 2
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_failure_while_writing_leaves_nothing_behind(
    run: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = Path.open, 0

    def full(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += mode == "xb"
        if mode == "xb" and count == 7:
            raise OSError(28, "No space left on device", str(path))
        return real(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)

    done = run("init", "new/shops")

    assert done.code == 4
    assert "FP803" in done.err
    assert "No space left on device" in done.err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--answer", "regions=eu"], "expected a list of names such as [eu, us]"),
        (["--answer", "countries=[no]"], 'expected a list of names such as [de, fr, "no"]'),
        (["--answer", "regions=[../x]"], "expected a list"),
        (["--answer", "regions=[]"], "expected a list"),
        (["--answer", "regions={eu: us}"], "expected a list"),
        (["--answer", "regions=[eu"], "expected"),
        (["--name", "../up"], "expected lower-case letters"),
        (["--name", "Labs"], "expected lower-case letters"),
        (["--answer", "site=a\nb"], "expected lower-case letters"),
        (["--answer", "site={{ 7 * 7 }}"], "expected lower-case letters"),
        (["--answer", "registry=https://x"], "expected oci://HOST/PREFIX"),
        (["--answer", "registry=oci://x/y:tag"], "expected oci://HOST/PREFIX without tag"),
        (["--answer", "kubernetes=latest"], "expected a minor such as 1.36"),
        (["--answer", "ci=jenkins"], "'jenkins' is not in ['gitlab', 'github', 'none']"),
        (["--answer", "reigons=[eu]"], "did you mean regions?"),
        (["--answer", "regions"], "--answer expects KEY=VALUE, got 'regions'"),
        (["--answer", "ci=none", "--answer", "ci=none"], "--answer has ci twice"),
    ],
)
def test_a_wrong_answer_is_told_in_plain_words(run: Callable[..., Done], arguments: list[str], told: str) -> None:
    done = run("init", "shops", *arguments)

    assert done.code == 2
    assert told in done.err or "while parsing" in done.err
    assert "Traceback" not in done.err
    assert list(Path().iterdir()) == []


def test_missing_labels_are_told_all_at_once(shop: Shop) -> None:
    before = files_in(shop.root)

    done = shop("new", "site", "rome-01", "--label", "segment=pharmacy")

    assert done.code == 2
    assert "error FP806 answers are missing: region, kubernetes" in done.err
    assert "--label region=… --label kubernetes=…" in done.err
    assert files_in(shop.root) == before


def test_a_new_site_has_labels_in_the_order_of_the_fleet_and_free_ones_after(shop: Shop) -> None:
    flags = ("--label", "segment=no", "--label", "kubernetes=1.36", "--label", "region=eu")

    done = shop("new", "site", "rome-01", *flags, "-o", "json")

    assert made(done) == ["fleets/labs/sites/rome-01.yaml"]
    assert (shop.root / "sites/rome-01.yaml").read_text() == (
        'labels:\n  region: eu\n  kubernetes: "1.36"\n  segment: "no"\n'
    )
    assert shop("validate").code == 0


LABELS = ("--label", "region=eu", "--label", "kubernetes=1.36")


@pytest.mark.parametrize(
    ("name", "flags", "told"),
    [
        ("berlin-01", LABELS, "the fleet labs has a site berlin-01: fleets/labs/sites/berlin-01.yaml"),
        ("Rome", LABELS, "expected lower-case letters, digits and dashes, at most 53, got Rome"),
        ("../rome", LABELS, "expected lower-case letters"),
        ("a" * 54, LABELS, "expected lower-case letters"),
        ("rome-01", ("--label", "region=mars", "--label", "kubernetes=1.36"), "'mars' is not in ['eu', 'us']"),
        ("rome-01", (*LABELS, "--label", "site=x"), "the label site hides the name"),
        ("rome-01", (*LABELS, "--label", "a-b=x"), "FP201"),
        ("rome-01", (*LABELS, "--answer", "replicsa=2"), "did you mean replicas?"),
        ("rome-01", (*LABELS, "--answer", "region=us"), "nothing asks for region"),
        ("rome-01", (*LABELS, "--answer", "replicas=many"), "invalid literal for int"),
        ("rome-01", (*LABELS, "--answer", "replicas=0"), "replicas is not accepted: at least 1"),
        ("rome-01", (*LABELS, "--answer", "colour=green"), "'green' is not in ['blue', 'red']"),
    ],
)
def test_a_site_that_would_not_do_is_not_made(shop: Shop, name: str, flags: tuple[str, ...], told: str) -> None:
    before = files_in(shop.folder)

    done = shop("new", "site", name, *flags)

    assert done.code == 2
    assert told in done.err
    assert files_in(shop.folder) == before


def test_what_the_templates_need_and_no_layer_gives_is_asked_with_its_type_and_condition(shop: Shop) -> None:
    shop.edit(
        "templates/app/1.0.0/copier.yml",
        """\
        _subdirectory: template
        _templates_suffix: .jinja
        site: {type: str}
        region: {type: str}
        colour: {type: str}
        replicas: {type: int}
        proxied: {type: bool}
        pool: {type: yaml, default: [], validator: "{% if not pool %}give a range{% endif %}"}
        proxy: {type: yaml, when: "{{ proxied and region == 'eu' }}"}
        """,
    )
    shop.edit(
        "templates/app/1.0.0/template/config.yaml.jinja",
        """\
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "{{ site }}", namespace: default}
        data: {proxy: {{ proxy | default({}) | to_json | to_json }}, replicas: "{{ replicas }}"}
        """,
    )

    pool = ("--answer", "pool=[1-2]")
    first = shop("new", "site", "rome-01", *LABELS, "--answer", "proxied=yes")
    second = shop("new", "site", "rome-01", *LABELS, *pool, "--answer", "proxied=yes", "--answer", "replicas=2")
    answers = (*pool, "--answer", "proxied=yes", "--answer", "replicas=2", "--answer", "proxy={host: ü, ports: [1, 2]}")
    unused = shop("new", "site", "rome-01", *LABELS, "--answer", "proxied=no", *(answers[:2] + answers[4:]))
    third = shop("new", "site", "rome-01", *LABELS, *answers)

    assert "answers are missing: replicas, pool" in first.err
    assert "an answer is missing: proxy" in second.err
    assert unused.code == 2
    assert "proxy is not asked of this site" in unused.err
    assert third.code == 0, third.err
    site = yaml.safe_load((shop.root / "sites/rome-01.yaml").read_text())
    assert site["values"] == {
        "pool": ["1-2"],
        "proxied": True,
        "replicas": 2,
        "proxy": {"host": "ü", "ports": [1, 2]},
    }
    assert shop("validate", "rome-01").code == 0


def test_a_new_site_goes_where_the_others_are(shop: Shop) -> None:
    for name in ("berlin-01", "paris-01", "austin-01"):
        text = (shop.root / f"sites/{name}.yaml").read_text()
        (shop.root / f"sites/{name}.yaml").unlink()
        shop.edit(f"sites/prod/{'us' if 'us' in text else 'eu'}/{name}.yaml", text)

    done = shop("new", "site", "boston-01", "--label", "region=us", "--label", "kubernetes=1.36", "-o", "json")

    assert made(done) == ["fleets/labs/sites/prod/us/boston-01.yaml"]


def test_a_new_template_is_not_made_over_an_old_one(shop: Shop) -> None:
    before = files_in(shop.folder)

    done = shop("new", "template", "app")

    assert done.code == 2
    assert "FP807 the template app exists, its newest version is 1.0.0" in done.err
    assert "copy templates/app/1.0.0 to templates/app/next" in done.err
    assert files_in(shop.folder) == before


@pytest.mark.parametrize("name", ["Printer", "../printer", "a/b", "", "a\n"])
def test_a_template_name_that_no_layer_could_pin_is_refused(shop: Shop, name: str) -> None:
    done = shop("new", "template", name)

    assert done.code == 2
    assert "expected lower-case letters" in done.err


def test_no_program_is_started_and_no_setting_of_copier_is_read(
    run: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(args, kwargs)

    write(tmp_path / "settings.yml", "defaults: {regions: [mars], ci: none}\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(tmp_path / "settings.yml"))
    monkeypatch.setattr("subprocess.Popen.__init__", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)

    assert run("init", ".").code == 0

    assert Path(".gitlab-ci.yml").is_file()
    assert Path("fleets/empty/layers/regions/eu.yaml").is_file()


@pytest.mark.parametrize("command", [["init"], ["new", "site"], ["new", "template"]])
def test_help_shows_an_example(run: Callable[..., Done], command: list[str]) -> None:
    assert f"fleetpress {' '.join(command)} " in run(*command, "--help").out.partition("Example:")[2]
