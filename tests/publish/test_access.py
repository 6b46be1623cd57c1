from __future__ import annotations

import base64
import contextlib
import json
import stat
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, PublishError
from renderer.publish import TargetOptions, open_target, publish_release
from renderer.publish.auth import parse_challenges
from renderer.publish.credentials import Credentials, find_credentials
from renderer.types import Outcome, Receipt
from tests.fakes.registry import FakeRegistry, Fault
from tests.publish.made import is_ours, make_release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USERS = {"fleet": "hunter2-hunter2"}


def log_in(folder: Path, *hosts: str, password: str = USERS["fleet"]) -> Path:
    folder.mkdir(exist_ok=True)
    auth = base64.b64encode(f"fleet:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth} for host in hosts}}))
    return folder


def publish(registry: FakeRegistry, folder: Path, *, serial: int = 1, text: str = "a: 1") -> Receipt:
    options = TargetOptions(plain_http=True, docker_config=folder, retries=1, backoff=0.01, read_timeout=2)
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    try:
        return publish_release(target, make_release(registry.host, serial=serial, text=text), is_ours=is_ours)
    finally:
        target.close()


def test_basic_credentials_are_used_and_cost_one_401(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS) as registry:
        receipt = publish(registry, log_in(tmp_path / "docker", registry.host))
    assert receipt.outcome is Outcome.PUBLISHED
    assert sum("authorization" not in seen.headers for seen in registry.seen) == 1


def test_a_token_for_pulling_and_pushing_one_repository_is_fetched_once(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS, bearer=True) as registry:
        receipt = publish(registry, log_in(tmp_path / "docker", registry.host))
    assert receipt.outcome is Outcome.PUBLISHED
    tokens = [seen for seen in registry.seen if seen.kind == "token"]
    assert ["repository:fleet/berlin:pull,push" in seen.path for seen in tokens] == [True]
    assert all("Basic" not in seen.headers.get("authorization", "") for seen in registry.seen if seen.kind != "token")


def test_each_repository_gets_a_token_of_its_own(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS, bearer=True) as registry:
        options = TargetOptions(plain_http=True, docker_config=log_in(tmp_path / "docker", registry.host))
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        for site in ("berlin", "paris"):
            assert publish_release(target, make_release(registry.host, site)).outcome is Outcome.PUBLISHED
        target.close()
    assert registry.counts()["token"] == 2
    assert sum("authorization" not in seen.headers for seen in registry.seen) == 1


def test_an_expired_token_is_replaced_once(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS, bearer=True) as registry:
        options = TargetOptions(plain_http=True, docker_config=log_in(tmp_path / "docker", registry.host))
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        registry.on_request = expire_once(registry, "manifest-put-tag")
        receipt = publish_release(target, make_release(registry.host))
        target.close()
    assert receipt.outcome is Outcome.PUBLISHED
    assert registry.counts()["token"] == 2


def expire_once(registry: FakeRegistry, kind: str) -> Callable[[str], None]:
    waiting = [kind]

    def expire(seen: str) -> None:
        if seen in waiting:
            waiting.clear()
            registry.tokens.clear()

    return expire


def test_tokens_that_are_never_accepted_end_after_two_tries(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS, bearer=True) as registry:
        registry.token_lifetime = -1
        receipt = publish(registry, log_in(tmp_path / "docker", registry.host))
    assert [problem.code for problem in receipt.problems] == [Code.REGISTRY_AUTH]
    assert registry.counts()["tags"] == 2


@pytest.mark.parametrize("bearer", [True, False])
def test_a_wrong_password_is_told_without_telling_it(tmp_path: Path, *, bearer: bool) -> None:
    with FakeRegistry(users=USERS, bearer=bearer) as registry:
        receipt = publish(registry, log_in(tmp_path / "docker", registry.host, password="wrong-password"))
    assert [problem.code for problem in receipt.problems] == [Code.REGISTRY_AUTH]
    assert "docker login" in receipt.problems[0].hint
    assert "wrong-password" not in str(receipt)
    assert len(registry.seen) <= 3


def test_a_password_is_only_for_its_own_registry(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS) as registry, FakeRegistry(users=USERS) as other:
        receipt = publish(registry, log_in(tmp_path / "docker", other.host))
    assert [problem.code for problem in receipt.problems] == [Code.REGISTRY_AUTH]
    assert all("authorization" not in seen.headers for seen in registry.seen)


@pytest.mark.parametrize("kind", ["tags", "upload-post", "manifest-put"])
def test_an_authorization_does_not_follow_a_redirect_to_another_host(tmp_path: Path, kind: str) -> None:
    with FakeRegistry(users=USERS) as registry, FakeRegistry() as other:
        location = {"Location": f"http://{other.host}/v2/fleet/berlin/elsewhere"}
        registry.faults.append(Fault(kind, "redirect", 1, 1, 307, location))
        registry.faults.append(Fault(kind, "redirect", 9, 0, 307, location))
        publish(registry, log_in(tmp_path / "docker", registry.host))
    assert other.seen
    assert all("authorization" not in seen.headers for seen in other.seen)


def test_an_authorization_does_not_follow_an_upload_to_another_host(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS, single_post=False) as registry, FakeRegistry(single_post=False) as other:
        other.sessions.add("1")
        location = {"Location": f"http://{other.host}/v2/fleet/berlin/blobs/uploads/1?_state=x"}
        registry.faults.append(Fault("upload-post", "location", 99, 1, headers=location))
        publish(registry, log_in(tmp_path / "docker", registry.host))
    assert other.counts()["upload-put"] > 0
    assert all("authorization" not in seen.headers for seen in other.seen)


def test_a_401_of_another_host_gets_no_answer(tmp_path: Path) -> None:
    with FakeRegistry(users=USERS) as registry, FakeRegistry(users=USERS) as other:
        location = {"Location": f"http://{other.host}/v2/fleet/berlin/tags/list"}
        registry.faults.append(Fault("tags", "redirect", 9, 0, 307, location))
        publish(registry, log_in(tmp_path / "docker", registry.host, other.host))
    assert all("authorization" not in seen.headers for seen in other.seen)


def test_a_helper_program_is_asked_with_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_helper(tmp_path, '#!/bin/sh\nread host; echo "{\\"Username\\":\\"$host\\",\\"Secret\\":\\"s3\\"}"\n')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "config.json").write_text('{"credHelpers": {"registry.example": "fake"}, "credsStore": "missing"}')
    assert find_credentials("registry.example", tmp_path) == Credentials("registry.example", "s3")
    with pytest.raises(PublishError, match="docker-credential-missing"):
        find_credentials("other.example", tmp_path)


def test_a_helper_that_knows_nothing_leaves_the_file_to_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_helper(tmp_path, "#!/bin/sh\necho credentials not found\nexit 1\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    auth = base64.b64encode(b"user:secret").decode()
    config = {"credsStore": "fake", "auths": {"https://registry.example/v1/": {"auth": auth}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert find_credentials("registry.example", tmp_path) == Credentials("user", "secret")


def make_helper(folder: Path, script: str) -> None:
    program = folder / "docker-credential-fake"
    program.write_text(script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_an_identity_token_is_exchanged(tmp_path: Path) -> None:
    with FakeRegistry(users={"refresh-me": "x"}, bearer=True) as registry:
        (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: {"identitytoken": "refresh-me"}}}))
        assert publish(registry, tmp_path).outcome is Outcome.PUBLISHED


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": 1}', '{"auths": {"h": {"auth": "%%%"}}}', '{"credHelpers": 3}'])
def test_a_broken_config_is_no_traceback(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with contextlib.suppress(PublishError):
        assert find_credentials("h", tmp_path) is None


def test_a_helper_cannot_be_a_path(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"credsStore": "../../bin/sh"}')
    with pytest.raises(PublishError, match="unusable name"):
        find_credentials("h", tmp_path)


def test_credentials_do_not_print_their_secrets() -> None:
    assert "secret" not in repr(Credentials("user", "secret", "secret", "secret"))


def test_challenges_are_read_strongest_first() -> None:
    header = 'Basic realm="a, b", Bearer realm="https://t.example/x?y=1",service="s \\"q\\"",scope="repository:a:pull"'
    bearer, basic = parse_challenges(header)
    assert (bearer.scheme, bearer.realm, bearer.service) == ("bearer", "https://t.example/x?y=1", 's "q"')
    assert (basic.scheme, basic.realm) == ("basic", "a, b")
    assert parse_challenges("Negotiate") == []
