"""Reading files from git's objects: no checkout, no hook, no program of the repository's.

In: a repository's folder, ids of commits. Out: the files of a template at a commit.
Never: hands to git a revision or option that somebody typed, follows a link, or writes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from renderer.errors import Code, SourceFailure, TemplateError
from renderer.read.files import printable
from renderer.read.templates import LARGEST, name_flaw, too_large
from renderer.types import Origin, Problem, TemplateFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Self

    from git import Git

    from renderer.types import TemplatePin

READ_TIMEOUT: Final = 120  # seconds
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
_PLAIN, _RUNNABLE, _LINK, _MODULE = "100644", "100755", "120000", "160000"
_LISTED: Final = re.compile(r"(\d{6}) (\w+) ([0-9a-f]{40}) +(\d+|-)\t(.+)", re.DOTALL)


class Objects:
    """The objects of one repository; a `with` block ends the processes that it started.

    `environment` comes on top of what keeps git from asking, writing and running anything.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {**_ENVIRONMENT, **environment}

    def __enter__(self) -> Self:
        try:
            from git import Git
        except ImportError:  # GitPython runs git when it is imported
            fail(*_NO_GIT)
        self._git: Git = Git(str(self._folder))
        self._git.update_environment(**self._environment)
        return self

    def __exit__(self, *_: object) -> None:
        self._git.clear_cache()

    def list_files(self, commit: str, path: str) -> list[tuple[str, str, str, int]]:
        """(mode, id, path, size) of every entry below the folder `path` at a commit; empty when there is none."""
        prefix = f"{path}/" if path else ""
        options = ("-r", "-z", "-l", "--full-tree", commit, "--", *([prefix] if prefix else []))
        said = self.run(lambda git: git.ls_tree(*options, kill_after_timeout=READ_TIMEOUT))
        entries = [match.groups() for line in said.split("\0") if (match := _LISTED.fullmatch(line))]
        return [
            (mode, oid, name.removeprefix(prefix), int(size) if size.isdecimal() else 0)
            for mode, _, oid, size, name in entries
        ]

    def content(self, oid: str) -> bytes:
        """The bytes of a file."""
        return bytes(self._guarded(lambda git: git.get_object_data(oid)[3]))

    def run(self, command: Callable[[Git], Any]) -> str:
        """What a git command answers; raises SourceFailure in plain words."""
        return str(self._guarded(lambda git: command(git(c=_SETTINGS))))

    def _guarded(self, command: Callable[[Git], Any]) -> Any:
        from git import GitCommandNotFound, GitError

        try:
            return command(self._git)
        except GitCommandNotFound:
            fail(*_NO_GIT)
        except (GitError, OSError, ValueError) as error:
            _translate(str(getattr(error, "stderr", "") or error))


def files_at(objects: Objects, pin: TemplatePin, commit: str, path: str) -> Iterator[TemplateFile]:
    """The files below `path` at a commit, sorted; raises TemplateError with all that a template cannot contain."""
    entries = sorted(objects.list_files(commit, path), key=lambda entry: entry[2])
    where = f"{pin}:{path}".removesuffix(":")
    if problems := list(_entry_problems(entries, where)):
        raise TemplateError(f"the template {pin} cannot be used: {problems[0].what}", problems=problems)
    if not entries:
        what = f"commit {commit[:12]} has no folder {path or '/'} with files"
        problem = Problem(Code.TEMPLATE_MISSING, what, hint="correct `path` of the source in fleet.yaml")
        raise TemplateError(what, problems=[problem])
    for mode, oid, name, _ in entries:
        yield TemplateFile(name, 0o755 if mode == _RUNNABLE else 0o644, objects.content(oid))


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


_NO_GIT: Final = "git is not installed, or not found", "install git, or add it to PATH"
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
            fail(what, hint)
    lines = [line.strip(" '\n") for line in said.splitlines() if line.strip(" '\n") and "cmdline" not in line]
    # Addresses may be rewritten by git's configuration into ones with credentials.
    told = re.sub(r"\S+://\S+", "URL", lines[-1])[:200] if lines else "without a message"
    fail(f"git failed: {printable(told)}", "run again; with GIT_TRACE=1 git says more")


def fail(what: str, hint: str) -> NoReturn:
    """Raise SourceFailure."""
    raise SourceFailure(what, problems=[Problem(Code.TEMPLATE_SOURCE, what, hint=hint)]) from None
