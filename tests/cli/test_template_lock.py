"""`template lock`: what a version is today, it is tomorrow, wherever it comes from."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from tests.build import write
from tests.cli.platform_repository import CONFIG, MANIFEST, Platform
from tests.fakes.registry import FakeRegistry

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

REPOSITORY = Path(__file__).parents[2]
LOCK = "templates.lock"
PINNED = 'templates: {{app: "{}"}}\nvalues: {{colour: red}}\n'


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FLEETPRESS_LOCAL_GIT", "1")


@pytest.fixture
def platform(shop: Shop, tmp_path: Path) -> Platform:
    """The shop's template `app` has 1.0.0 in its folder; here are 1.1.0, 1.2.0, 2.0.0-rc.1 and main."""
    found = Platform(tmp_path / "platform")
    found.release("1.1.0", 1)
    found.release("1.2.0", 2, annotated=True)
    found.release("2.0.0-rc.1", 3)
    found.commit(4)
    add_source(shop, f"{{git: {found.folder}, tag: '{{name}}-{{version}}', branch: main, path: 'templates/{{name}}'}}")
    return found


def add_source(shop: Shop, source: str) -> None:
    fleet = (shop.root / "fleet.yaml").read_text()
    shop.edit("fleet.yaml", f"{fleet}templates: {{sources: {{app: {source}}}}}\n")


def pin(shop: Shop, version: str) -> None:
    shop.edit("layers/global.yaml", PINNED.format(version))


def locked(shop: Shop) -> dict[str, dict[str, str]]:
    return dict(yaml.safe_load((shop.root / LOCK).read_text())["templates"]["app"])


def rendered(shop: Shop, site: str = "berlin-01") -> str:
    done = shop("render", site)
    assert done.code == 0, done.err
    return done.out


def codes(done: Done) -> set[str]:
    return {word for word in done.err.split() if word.startswith("FP")}


def forget_cache(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "cache")


def test_without_a_lock_the_folder_is_used_as_it_is(shop: Shop) -> None:
    assert not (shop.root / LOCK).exists()
    assert shop("validate").code == 0


def test_the_lock_has_every_version_in_the_folder_but_next(shop: Shop) -> None:
    shop.edit("templates/app/1.0.1/copier.yml", "site: {type: str}\n")
    shop.edit("templates/app/next/copier.yml", "site: {type: str}\n")

    done = shop("template", "lock")

    assert done.code == 0
    assert done.out.splitlines()[-1] == "fleets/labs/templates.lock: 2 versions, changed"
    assert set(locked(shop)) == {"1.0.0", "1.0.1"}


def test_locking_twice_changes_nothing(shop: Shop) -> None:
    shop("template", "lock")
    before = (shop.root / LOCK).stat().st_mtime_ns, (shop.root / LOCK).read_bytes()

    done = shop("template", "lock")

    assert "unchanged" in done.out
    assert ((shop.root / LOCK).stat().st_mtime_ns, (shop.root / LOCK).read_bytes()) == before
    assert shop("template", "lock", "--check").code == 0


def test_check_writes_nothing_and_tells_by_its_exit_code(shop: Shop) -> None:
    done = shop("template", "lock", "--check")

    assert done.code == 1
    assert not (shop.root / LOCK).exists()


def test_the_file_and_the_result_fit_their_schemas(shop: Shop, platform: Platform) -> None:
    del platform
    pin(shop, "^1.1")

    done = shop("template", "lock", "-o", "json")

    schema = json.loads((REPOSITORY / "schemas/output/template-lock.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(done.json)
    schema = json.loads((REPOSITORY / "schemas/lock.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load((shop.root / LOCK).read_text()))
    assert done.json["ranges"] == [{"template": "app", "range": "^1.1", "before": None, "after": "1.2.0"}]


def test_a_changed_file_under_a_locked_version_stops_its_sites(shop: Shop) -> None:
    shop("template", "lock")
    shop.edit("templates/app/1.0.0/template/new.txt", "new\n")

    done = shop("validate", "-o", "json")

    assert (done.code, done.json["failed"], done.codes()) == (1, 3, {"FP315"})
    assert codes(shop("template", "lock")) == {"FP315"}
    assert codes(shop("template", "lock", "--check")) == {"FP315"}
    assert codes(shop("template", "lock", "--upgrade")) == {"FP315"}, "only a version that is named may change"
    assert shop("template", "lock", "--upgrade", "app@1.0.0").code == 0
    assert shop("validate").code == 0


def test_a_mode_is_content_too_but_a_golden_case_is_not(shop: Shop) -> None:
    shop("template", "lock")
    shop.edit("templates/app/1.0.0/tests/one/expected.yaml", "a: b\n")
    assert shop("validate").code == 0

    (shop.folder / "templates/app/1.0.0/template/config.yaml.jinja").chmod(0o755)

    assert codes(shop("template", "lock")) == {"FP315"}


def test_a_pin_that_the_lock_does_not_have_names_the_command(shop: Shop) -> None:
    shop("template", "lock")
    shutil.copytree(shop.folder / "templates/app/1.0.0", shop.folder / "templates/app/1.1.0")
    pin(shop, "1.1.0")

    done = shop("validate", "-o", "json")

    (problem,) = done.json["problems"]
    assert problem["code"] == "FP316"
    assert "fleetpress template lock" in problem["hint"]
    assert shop("template", "lock").code == 0
    assert shop("validate").code == 0


def test_next_is_never_locked_in_the_folder(shop: Shop) -> None:
    shop("template", "lock")
    shutil.copytree(shop.folder / "templates/app/1.0.0", shop.folder / "templates/app/next")
    pin(shop, "next")
    assert shop("validate").code == 0

    shop.edit("templates/app/next/template/new.yaml.jinja", MANIFEST.replace("name: app", "name: {{ site }}"))

    assert shop("validate").code == 0
    assert shop("template", "lock", "--check").code == 0


def test_a_deleted_version_is_told_while_it_is_pinned_and_forgotten_after(shop: Shop) -> None:
    shutil.copytree(shop.folder / "templates/app/1.0.0", shop.folder / "templates/app/1.1.0")
    shop("template", "lock")
    pin(shop, "1.1.0")
    shutil.rmtree(shop.folder / "templates/app/1.1.0")

    assert codes(shop("template", "lock")) == {"FP301"}
    pin(shop, "1.0.0")
    done = shop("template", "lock")

    assert "app@1.1.0 removed" in done.out
    assert set(locked(shop)) == {"1.0.0"}


def test_a_lock_that_cannot_be_read_stops_everything(shop: Shop) -> None:
    shop("template", "lock")
    text = (shop.root / LOCK).read_text()
    shop.edit(LOCK, text.replace("sha256:", "md5:"))
    assert codes(shop("validate")) == {"FP201"}

    shop.edit(LOCK, f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")

    done = shop("validate")
    assert done.code == 2
    assert "templates.lock:" in done.err


def test_a_git_template_renders_as_the_same_folder_does(shop: Shop, platform: Platform) -> None:
    pin(shop, "1.1.0")
    shop("template", "lock")
    from_git = rendered(shop)
    git_entry = locked(shop)["1.1.0"]
    shutil.copytree(platform.folder / "templates/app", shop.folder / "templates/app/1.1.0")
    platform.git("checkout", "-q", "app-1.1.0")
    shutil.rmtree(shop.folder / "templates/app/1.1.0")
    shutil.copytree(platform.folder / "templates/app", shop.folder / "templates/app/1.1.0")
    (shop.root / LOCK).unlink()

    shop("template", "lock")

    assert rendered(shop) == from_git
    assert locked(shop)["1.1.0"]["digest"] == git_entry["digest"]
    assert (locked(shop)["1.1.0"]["source"], git_entry["source"]) == ("directory", "git")


def test_git_sources_need_a_lock(shop: Shop, platform: Platform) -> None:
    del platform
    pin(shop, "1.1.0")

    assert shop("validate", "-o", "json").codes() == {"FP316"}


def test_an_annotated_tag_is_locked_to_its_commit(shop: Shop, platform: Platform) -> None:
    pin(shop, "1.2.0")

    shop("template", "lock")

    assert locked(shop)["1.2.0"]["commit"] == platform.git("rev-parse", "app-1.2.0^{commit}")
    assert 'replicas: "2"' in rendered(shop)


def test_the_id_of_a_commit_is_a_version(shop: Shop, platform: Platform) -> None:
    commit = platform.git("rev-parse", "app-1.1.0")
    pin(shop, commit)

    assert shop("template", "lock").code == 0
    assert locked(shop)[commit]["commit"] == commit
    assert 'replicas: "1"' in rendered(shop)


def test_a_moved_tag_changes_nothing_but_the_check(shop: Shop, platform: Platform) -> None:
    pin(shop, "1.2.0")
    shop("template", "lock")
    before = rendered(shop)
    platform.commit(9)
    platform.tag("1.2.0")

    assert shop("template", "lock").code == 0
    assert rendered(shop) == before
    done = shop("template", "lock", "--check", "-o", "json")

    assert done.code == 1
    assert {row["version"]: row["state"] for row in done.json["versions"]} == {"1.0.0": "kept", "1.2.0": "moved"}
    assert shop("template", "lock", "--upgrade", "app@1.2.0").code == 0
    assert 'replicas: "9"' in rendered(shop)


def test_a_deleted_tag_is_told_by_the_check(shop: Shop, platform: Platform) -> None:
    pin(shop, "1.2.0")
    shop("template", "lock")
    platform.git("tag", "-d", "app-1.2.0")

    assert 'replicas: "2"' in rendered(shop)
    done = shop("template", "lock", "--check")
    assert done.code == 1
    assert "app@1.2.0 gone" in done.out


def test_next_of_a_branch_moves_only_when_asked_even_after_a_forced_push(shop: Shop, platform: Platform) -> None:
    pin(shop, "next")
    shop("template", "lock")
    assert 'replicas: "4"' in rendered(shop)
    platform.git("reset", "-q", "--hard", "HEAD~2")
    platform.commit(7)

    assert shop("template", "lock", "--check").code == 0
    assert shop("template", "lock").code == 0
    assert 'replicas: "4"' in rendered(shop)
    assert shop("template", "lock", "--upgrade").code == 0
    assert 'replicas: "7"' in rendered(shop)


def test_a_commit_that_is_gone_everywhere_is_told(shop: Shop, platform: Platform, tmp_path: Path) -> None:
    pin(shop, "next")
    shop("template", "lock")
    platform.git("reset", "-q", "--hard", "HEAD~1")
    platform.git("reflog", "expire", "--expire=now", "--all")
    platform.git("gc", "-q", "--prune=now")
    forget_cache(tmp_path)

    done = shop("validate", "-o", "json")

    assert done.codes() == {"FP317"}
    assert "does not have the commit any more" in done.json["problems"][0]["what"]


def test_what_is_in_the_cache_needs_no_connection(shop: Shop, platform: Platform, tmp_path: Path) -> None:
    pin(shop, "1.2.0")
    shop("template", "lock")
    before = rendered(shop)
    platform.folder.rename(tmp_path / "away")

    assert rendered(shop) == before
    assert shop("template", "lock").code == 0
    assert shop("template", "lock", "--check").code == 4
    forget_cache(tmp_path)
    assert shop("validate", "-o", "json").codes() == {"FP317"}


def test_a_range_moves_only_by_an_upgrade(shop: Shop, platform: Platform) -> None:
    pin(shop, ">=1.1 <2")
    shop("template", "lock")
    assert 'replicas: "2"' in rendered(shop), "1.2.0; 2.0.0-rc.1 is below 2, but a pre-release"
    shop.publish()
    platform.release("1.3.0", 5)

    assert shop("template", "lock", "--check").code == 0
    assert shop("plan", "--to", shop.target, "-o", "json").json["changed"] == []
    done = shop("template", "lock", "--upgrade")

    assert "app >=1.1 <2: 1.2.0 -> 1.3.0" in done.out
    assert 'replicas: "5"' in rendered(shop)
    changed = shop("plan", "--to", shop.target, "-o", "json").json["changed"]
    assert len(changed) == 3, "the lock alone changed, and all sites follow it"
    assert any("app 1.2.0 -> 1.3.0" in reason for site in changed for reason in site["reasons"])


def test_a_range_without_a_lock_or_a_version_is_an_error(shop: Shop) -> None:
    pin(shop, "^1.0")
    assert shop("validate", "-o", "json").codes() == {"FP316"}
    pin(shop, "^3.0")
    assert codes(shop("template", "lock")) == {"FP301"}


def test_a_range_that_nobody_pins_leaves_the_lock(shop: Shop) -> None:
    pin(shop, "^1.0")
    shop("template", "lock")
    pin(shop, "1.0.0")

    assert "^1.0: 1.0.0 -> not used" in shop("template", "lock").out
    assert "ranges" not in (shop.root / LOCK).read_text()


def test_a_site_that_cannot_be_read_keeps_its_ranges_locked(shop: Shop) -> None:
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\ntemplates: {app: ^1.0}\n')
    shop("template", "lock")
    shop.edit("sites/paris-01.yaml", "labels: {region: mars}\n")

    done = shop("template", "lock")

    assert done.code == 1
    assert "FP203" in done.out
    assert "^1.0" in (shop.root / LOCK).read_text()


def test_names_limit_what_is_locked(shop: Shop, platform: Platform) -> None:
    del platform
    shop.edit("templates/side/1.0.0/copier.yml", "site: {type: str}\n")

    done = shop("template", "lock", "app@1.1.0", "-o", "json")

    assert [(row["template"], row["version"]) for row in done.json["versions"]] == [("app", "1.1.0")]
    shop("template", "lock", "side")
    assert (set(locked(shop)), "side" in (shop.root / LOCK).read_text()) == ({"1.1.0"}, True)
    assert shop("template", "lock", "app@^1.0").code == 2


def test_local_repositories_are_read_only_where_that_is_allowed(
    shop: Shop, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    del platform
    pin(shop, "1.1.0")
    monkeypatch.delenv("FLEETPRESS_LOCAL_GIT")

    done = shop("template", "lock")

    assert (done.code, codes(done)) == (2, {"FP317"})
    assert "FLEETPRESS_LOCAL_GIT" in done.err


@pytest.mark.parametrize(
    "source",
    [
        "{git: 'ext::sh -c touch% /tmp/x'}",
        "{git: '--upload-pack=touch /tmp/x'}",
        "{git: 'https://-oProxyCommand=x/y'}",
        "{git: 'ssh://-oProxyCommand=x/y'}",
        "{git: '-x@host.example:y'}",
        "{git: 'git@host.example:-y'}",
        "{git: 'git://host.example/x'}",
        "{git: 'http://host.example/x'}",
        "{git: 'fd::17/foo'}",
        "{git: 'https://user:planted@host.example/x'}",
        "{git: 'https://planted@host.example/x'}",
        '{git: "https://host.example/x\\ny"}',
        '{git: "/tmp/x\\u0000"}',
        "{git: 'https://host.example/x', tag: '--{version}'}",
        "{git: 'https://host.example/x', tag: 'v1'}",
        "{git: 'https://host.example/x', tag: '{version}{version}'}",
        "{git: 'https://host.example/x', tag: '{version}..{name}'}",
        "{git: 'https://host.example/x', branch: '-x'}",
        "{git: 'https://host.example/x', branch: 'a b'}",
        "{git: 'https://host.example/x', branch: 'x.lock'}",
        "{git: 'https://host.example/x', path: '../x'}",
        "{git: 'https://host.example/x', path: '/x'}",
        "{git: 'https://host.example/x', oci: 'oci://h.example/a/b'}",
        "{tag: '{version}'}",
        "{oci: 'oci://h.example/alone'}",
        "{oci: 'oci://h.example/a/b:1.0.0'}",
        "{oci: 'https://h.example/a/b'}",
        "{oci: 'oci://h.example/a/b', branch: main}",
        "{git: 'https://host.example/x', upload-pack: x}",
    ],
)
def test_hostile_sources_are_refused_with_their_place(shop: Shop, source: str) -> None:
    add_source(shop, source)

    done = shop("validate")

    assert done.code == 2
    assert codes(done) <= {"FP201", "FP202", "FP102", "FP105", "FP106"}
    assert codes(done)
    assert "fleet.yaml:" in done.err
    assert "planted" not in done.err


def test_links_and_submodules_are_refused_all_at_once(shop: Shop, platform: Platform) -> None:
    (platform.folder / "templates/app/link").symlink_to("/etc/passwd")
    platform.git("add", "-A")
    commit = platform.git("rev-parse", "HEAD")
    platform.git("update-index", "--add", "--cacheinfo", f"160000,{commit},templates/app/sub")
    platform.git("commit", "-q", "-m", "odd")
    platform.tag("1.5.0")
    pin(shop, "1.5.0")

    done = shop("template", "lock")

    assert codes(done) == {"FP303"}
    assert "symbolic link" in done.err
    assert "submodule" in done.err


def test_hooks_and_settings_of_the_repository_do_not_run(shop: Shop, platform: Platform, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for hook in ("post-checkout", "reference-transaction", "post-merge"):
        write(platform.folder / ".git/hooks" / hook, f"#!/bin/sh\ntouch {ran}\n")
        (platform.folder / ".git/hooks" / hook).chmod(0o755)
    pin(shop, "1.1.0")

    assert shop("template", "lock").code == 0
    assert not ran.exists()


def test_gits_own_variables_do_not_lead_elsewhere(
    shop: Shop, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    del platform
    pin(shop, "1.1.0")
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(shop.folder / ".git/nowhere"))

    assert shop("template", "lock").code == 0
    assert 'replicas: "1"' in rendered(shop)


def test_a_folder_that_the_tag_does_not_have_is_told(shop: Shop, platform: Platform) -> None:
    fleet = (shop.root / "fleet.yaml").read_text()
    shop.edit("fleet.yaml", fleet.replace("templates/{name}", "nowhere"))
    del platform
    pin(shop, "1.1.0")

    done = shop("template", "lock")

    assert (done.code, codes(done)) == (2, {"FP301"})
    assert "no folder nowhere" in done.err


def test_workers_read_what_the_parent_locked(shop: Shop, platform: Platform) -> None:
    del platform
    pin(shop, "1.1.0")
    shop("template", "lock")
    for number in range(210):
        write(shop.root / f"sites/s-{number}.yaml", 'labels: {region: eu, kubernetes: "1.35"}\n')
    shop.commit()

    done = shop("validate", "--workers", "2", "-o", "json")

    assert (done.code, done.json["checked"], done.json["failed"]) == (0, 213, 0)


def push_template(registry: FakeRegistry, name: str, version: str, replicas: int, **more: str | None) -> str:
    """Push a template as `oras push` or `flux push artifact` would; the manifest's digest."""
    from renderer.types import Blob

    stream = io.BytesIO()
    files = {"copier.yml": CONFIG.format(replicas=replicas), "template/config.yaml.jinja": MANIFEST, **more}
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, text in files.items():
            if text is None:  # not this one of those that are always there
                continue
            member = tarfile.TarInfo(path)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    layer = Blob.of(gzip.compress(stream.getvalue(), mtime=0), "application/vnd.cncf.flux.content.v1.tar+gzip")
    config = Blob.of(b"{}", "application/vnd.oci.empty.v1+json")
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config.descriptor,
            "layers": [layer.descriptor],
        }
    ).encode()
    found = Blob.of(manifest, "application/vnd.oci.image.manifest.v1+json")
    registry.blobs[name] |= {str(layer.digest): layer.data, str(config.digest): config.data}
    registry.manifests[name][str(found.digest)] = (found.media_type, found.data)
    registry.names[name][version] = str(found.digest)
    return str(found.digest)


def test_an_oci_template_is_locked_to_its_manifest_and_read_offline(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETPRESS_PLAIN_HTTP", "1")
    with FakeRegistry() as registry:
        first = push_template(registry, "templates/app", "1.1.0", 1)
        push_template(registry, "templates/app", "1.4.0", 6)
        push_template(registry, "templates/app", "latest", 7)
        add_source(shop, f"{{oci: 'oci://{registry.host}/templates/app'}}")
        pin(shop, "^1.1")
        shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\ntemplates: {app: "1.1.0"}\n')

        assert shop("template", "lock").code == 0
        assert locked(shop)["1.1.0"]["manifest"] == first
        assert 'replicas: "6"' in rendered(shop)
        assert 'replicas: "1"' in rendered(shop, "paris-01")
        push_template(registry, "templates/app", "1.1.0", 9)
        done = shop("template", "lock", "--check")
        assert (done.code, "app@1.1.0 moved" in done.out) == (1, True)
        asked = len(registry.seen)
        assert 'replicas: "1"' in rendered(shop, "paris-01")
        assert len(registry.seen) == asked, "what is in the cache is not asked for"
    assert 'replicas: "1"' in rendered(shop, "paris-01")


def test_a_damaged_cache_is_fetched_again(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLEETPRESS_PLAIN_HTTP", "1")
    with FakeRegistry() as registry:
        push_template(registry, "templates/app", "1.1.0", 1)
        add_source(shop, f"{{oci: 'oci://{registry.host}/templates/app'}}")
        pin(shop, "1.1.0")
        shop("template", "lock")
        (cached,) = (tmp_path / "cache/oci").iterdir()
        cached.write_bytes(cached.read_bytes()[:-1] + b"x")

        assert shop("validate").code == 0


def test_an_oci_template_that_would_leave_its_folder_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETPRESS_PLAIN_HTTP", "1")
    with FakeRegistry() as registry:
        push_template(registry, "templates/app", "1.1.0", 1, **{"../../etc/x": "x"})
        add_source(shop, f"{{oci: 'oci://{registry.host}/templates/app'}}")
        pin(shop, "1.1.0")

        done = shop("template", "lock")

    assert (done.code, codes(done)) == (4, {"FP317"})


def test_the_lock_of_the_sample_fleet_is_up_to_date(shop: Shop) -> None:
    done = shop("template", "lock", "--check", "--fleet", REPOSITORY / "fleets/labs")

    assert done.code == 0, f"run `fleetpress template lock --fleet fleets/labs`:\n{done.out}{done.err}"


@pytest.mark.slow
def test_one_pin_in_a_ring_of_the_sample_fleet_plans_that_ring_and_no_other(shop: Shop) -> None:
    for folder in ("fleets", "templates", "schemas"):
        shutil.rmtree(shop.folder / folder)
        shutil.copytree(REPOSITORY / folder, shop.folder / folder)
    shop.commit()
    listed = shop("sites", "-o", "json").json["sites"]
    ring = {site["site"] for site in listed if site["labels"]["ring"] == "early"}
    assert shop.publish().code == 0
    layer = shop.root / "layers/rings/early.yaml"
    before = layer.read_text()

    for text, reason in (
        (before.replace('edge-platform: "1.4.0"', 'edge-platform: "1.3.0"'), "edge-platform 1.4.0 -> 1.3.0"),
        (before, ""),
        (before.replace('edge-platform: "1.4.0"', 'edge-platform: "1.5.0"'), "edge-platform 1.4.0 -> 1.5.0"),
    ):
        layer.write_text(text)
        changed = shop("plan", "--to", shop.target, "-o", "json").json["changed"]
        assert {site["site"] for site in changed} == (ring if reason else set())
        assert all(reason in site["reasons"] for site in changed if reason)
