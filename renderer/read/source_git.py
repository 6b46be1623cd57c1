"""Template versions in a git repository, read from its objects without a checkout.

In: a GitSource, a folder for the cache. Out: versions with their commits; the files of a commit. A commit is fetched
once, alone (no history), into a bare repository; after that it is read without a connection.
Never: runs a hook, submodule or helper program, asks for a password, follows a link, or hands to git an option or
revision that somebody typed: git gets an address that was checked, and ids of commits.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from renderer.errors import Code, SourceFailure, TemplateError
from renderer.read.files import printable
from renderer.read.git_address import is_local, local_url
from renderer.read.interface import SourceKind
from renderer.read.ranges import NEXT, VERSION, parse_version
from renderer.read.templates import LARGEST, name_flaw, too_large
from renderer.types import Origin, Problem, TemplateFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from git import Git

    from renderer.read.interface import Access
    from renderer.types import GitSource, TemplatePin

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_ANSWER: Final = re.compile(r"([0-9a-f]{40})\t(refs/(?:tags|heads)/\S+?)(\^\{\})?")
# No hook, monitor, maintenance or submodule; objects are checked as they come; a silent server is given up.
_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=false",
    "fetch.fsckObjects=true",
    "protocol.version=2",
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
)
_ENVIRONMENT: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_NAMESPACE": "",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
    "LC_ALL": "C",
}
_ASK_TIMEOUT, _FETCH_TIMEOUT, _READ_TIMEOUT = 120, 900, 120  # seconds
_PLAIN, _RUNNABLE, _LINK, _MODULE = "100644", "100755", "120000", "160000"
_LISTED: Final = re.compile(r"(\d{6}) (\w+) ([0-9a-f]{40}) +(\d+|-)\t(.+)", re.DOTALL)


class GitTemplates:
    """A `Source` over one git repository.

    `base` is what a relative address starts from; `asked` keeps what each address answered about its tags and branches.
    """

    kind = SourceKind.GIT

    def __init__(self, source: GitSource, base: Path, access: Access, asked: dict[str, Mapping[str, str]]) -> None:
        self._source = source
        self._asked = asked
        self._is_local = is_local(source.url)
        self._allowed = access.local_git or not self._is_local
        self._url = local_url(source.url, base) if self._is_local else source.url
        self._folder = access.cache / "git" / f"{sha256(self._url.encode()).hexdigest()[:32]}.git"

    def versions(self) -> Mapping[str, str]:
        """Every version -> the commit of its tag now; `next` -> that of its branch."""
        before, _, after = self._source.tag.partition("{version}")
        tag = re.compile(rf"refs/tags/{re.escape(before)}({VERSION.pattern}){re.escape(after)}")
        found: dict[str, str] = {}
        for ref, commit in self._refs().items():
            match = tag.fullmatch(ref)
            if match and parse_version(match[1]):
                found[match[1]] = commit
            elif self._source.branch is not None and ref == f"refs/heads/{self._source.branch}":
                found[NEXT] = commit
        return found

    def find(self, version: str) -> str | None:
        """The commit of a version now; the full id of a commit is a version too."""
        return version if _COMMIT.fullmatch(version) else self.versions().get(version)

    def read(self, pin: TemplatePin, address: str) -> tuple[TemplateFile, ...]:
        """The files at a commit, fetched if the cache does not have it."""
        with _Repository(self._folder, is_local=self._is_local) as repository:
            if not repository.has(address):
                self._refuse_local()
                repository.fetch(self._url, address)
            return tuple(_files(repository, pin, address, self._source.path))

    def _refs(self) -> Mapping[str, str]:
        if self._url not in self._asked:
            self._refuse_local()
            with _Repository(self._folder, is_local=self._is_local) as repository:
                self._asked[self._url] = repository.refs(self._url)
        return self._asked[self._url]

    def _refuse_local(self) -> None:
        if not self._allowed:
            what = "this git repository is a folder of this machine, which is not read unless you allow it"
            hint = "set FLEETPRESS_LOCAL_GIT=1 where that is meant, or name the repository by https or ssh"
            raise TemplateError(what, problems=[Problem(Code.TEMPLATE_SOURCE, what, hint=hint)])


class _Repository:
    """A bare repository in the cache; a `with` block ends the processes that it started."""

    def __init__(self, folder: Path, *, is_local: bool) -> None:
        self._folder = folder
        self._protocols = "https:ssh:file" if is_local else "https:ssh"

    def __enter__(self) -> Self:
        try:
            from git import Git, GitCommandNotFound
        except ImportError:  # GitPython runs git when it is imported
            _fail("git is not installed, or not found", "install git, or add it to PATH")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._git: Git = Git(str(self._folder))
            self._git.update_environment(**_ENVIRONMENT, **self._environment())
            if not (self._folder / "HEAD").is_file():
                self._run(lambda git: git.init("--bare", "--quiet", "--template=", kill_after_timeout=_READ_TIMEOUT))
        except GitCommandNotFound:
            _fail("git is not installed, or not found", "install git, or add it to PATH")
        except OSError as error:
            _fail(f"the cache of templates cannot be written: {error.strerror}", "set FLEETPRESS_CACHE to a folder")
        return self

    def __exit__(self, *_: object) -> None:
        self._git.clear_cache()

    def refs(self, url: str) -> Mapping[str, str]:
        """Tags and branches of `url` -> their commits; an annotated tag is followed to its commit."""
        said = self._run(lambda git: git.ls_remote("--tags", "--heads", "--", url, kill_after_timeout=_ASK_TIMEOUT))
        found: dict[str, str] = {}
        for line in said.splitlines():
            match = _ANSWER.fullmatch(line)
            if match and (match[3] or match[2] not in found):
                found[match[2]] = match[1]
        return found

    def has(self, commit: str) -> bool:
        """Whether the cache has a commit: it is kept by a reference of its own."""
        return bool(self._run(lambda git: git.for_each_ref(_kept(commit), kill_after_timeout=_READ_TIMEOUT)))

    def fetch(self, url: str, commit: str) -> None:
        """Bring one commit into the cache, without its history."""
        from filelock import FileLock, Timeout

        options = ("--depth=1", "--no-tags", "--no-write-fetch-head", "--quiet", "--")
        try:
            with FileLock(f"{self._folder}.lock", timeout=_FETCH_TIMEOUT):
                self._run(
                    lambda git: git.fetch(*options, url, f"{commit}:{_kept(commit)}", kill_after_timeout=_FETCH_TIMEOUT)
                )
        except (Timeout, OSError):
            _fail(f"the cache {self._folder.name} is locked by another process", "wait for it, and run again")

    def list_files(self, commit: str, path: str) -> list[tuple[str, str, str, int]]:
        """(mode, id, path, size) of every entry below the folder `path` at a commit; empty when there is none."""
        prefix = f"{path}/" if path else ""
        options = ("-r", "-z", "-l", "--full-tree", commit, "--", *([prefix] if prefix else []))
        said = self._run(lambda git: git.ls_tree(*options, kill_after_timeout=_READ_TIMEOUT))
        entries = [match.groups() for line in said.split("\0") if (match := _LISTED.fullmatch(line))]
        return [
            (mode, oid, name.removeprefix(prefix), int(size) if size.isdecimal() else 0)
            for mode, _, oid, size, name in entries
        ]

    def content(self, oid: str) -> bytes:
        """The bytes of a file."""
        return bytes(self._guarded(lambda git: git.get_object_data(oid)[3]))

    def _environment(self) -> dict[str, str]:
        # A git hook, and some CI systems, leave variables that would lead git to another repository.
        found = {
            "GIT_DIR": str(self._folder),
            "GIT_OBJECT_DIRECTORY": str(self._folder / "objects"),
            "GIT_ALLOW_PROTOCOL": self._protocols,
        }
        if not {"GIT_SSH", "GIT_SSH_COMMAND"} & os.environ.keys():
            found["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
        return found

    def _run(self, command: Callable[[Git], Any]) -> str:
        return str(self._guarded(lambda git: command(git(c=_SETTINGS))))

    def _guarded(self, command: Callable[[Git], Any]) -> Any:
        from git import GitCommandNotFound, GitError

        try:
            return command(self._git)
        except GitCommandNotFound:
            _fail("git is not installed, or not found", "install git, or add it to PATH")
        except (GitError, OSError, ValueError) as error:
            _translate(str(getattr(error, "stderr", "") or error))


def _kept(commit: str) -> str:
    return f"refs/fleetpress/{commit}"


def _files(repository: _Repository, pin: TemplatePin, commit: str, path: str) -> Iterator[TemplateFile]:
    entries = sorted(repository.list_files(commit, path), key=lambda entry: entry[2])
    where = f"{pin}:{path}".removesuffix(":")
    if problems := list(_entry_problems(entries, where)):
        raise TemplateError(f"the template {pin} cannot be used: {problems[0].what}", problems=problems)
    if not entries:
        what = f"commit {commit[:12]} has no folder {path or '/'} with files"
        problem = Problem(Code.TEMPLATE_MISSING, what, hint="correct `path` of the source in fleet.yaml")
        raise TemplateError(what, problems=[problem])
    for mode, oid, name, _ in entries:
        yield TemplateFile(name, 0o755 if mode == _RUNNABLE else 0o644, repository.content(oid))


def _entry_problems(entries: list[tuple[str, str, str, int]], where: str) -> Iterator[Problem]:
    for mode, _, name, _ in entries:
        if flaw := _flaw(mode, name):
            yield Problem(Code.TEMPLATE_REFUSED, flaw[0], Origin(printable(f"{where}/{name}")), flaw[1])
    if sum(size for *_, size in entries) > LARGEST:
        yield too_large(where)


def _flaw(mode: str, name: str) -> tuple[str, str] | None:
    if mode == _LINK:
        return "a template cannot contain a symbolic link", "replace the link by the file itself"
    if mode == _MODULE:
        return "a template cannot contain a submodule", "copy its files into the template"
    if mode not in (_PLAIN, _RUNNABLE, "100664") or any(part in ("", ".", "..") for part in name.split("/")):
        return "the repository has an entry that is no file", "repair the repository with `git fsck`"
    return name_flaw(name)


# What git says -> what that means, and what to do.
_SAID: Final = (
    ("not our ref", "the repository does not have the commit any more", "pin a version that it has, and lock that"),
    (
        "unadvertised object",
        "the server does not give single commits",
        "allow uploadpack.allowReachableSHA1InWant there",
    ),
    ("timed out", "git gave no answer in time", "look at the connection, and run again"),
    ("Could not resolve host", "the host of the git address is not known", "look at the address and the connection"),
    ("Authentication failed", "the git server wants other credentials", "give git a credential helper or an ssh key"),
    ("could not read Username", "the git server wants credentials", "give git a credential helper, or use ssh"),
    ("Permission denied", "the git server does not let us in", "give git an ssh key that may read the repository"),
    ("Host key verification", "the host key of the git server is not known", "add it to known_hosts"),
    ("not found", "there is no such git repository, or we may not see it", "look at the address in fleet.yaml"),
    ("does not appear to be", "there is no such git repository", "look at the address in fleet.yaml"),
    ("not allowed", "git refused the transport", "use https or ssh"),
    (
        "dubious ownership",
        "git does not trust the repository, because another user owns it",
        "add it to safe.directory",
    ),
)


def _translate(said: str) -> NoReturn:
    for words, what, hint in _SAID:
        if words in said:
            _fail(what, hint)
    lines = [line.strip(" '\n") for line in said.splitlines() if line.strip(" '\n") and "cmdline" not in line]
    # Addresses may be rewritten by git's configuration into ones with credentials.
    told = re.sub(r"\S+://\S+", "URL", lines[-1])[:200] if lines else "without a message"
    _fail(f"git failed: {printable(told)}", "run again; with GIT_TRACE=1 git says more")


def _fail(what: str, hint: str) -> NoReturn:
    raise SourceFailure(what, problems=[Problem(Code.TEMPLATE_SOURCE, what, hint=hint)]) from None
