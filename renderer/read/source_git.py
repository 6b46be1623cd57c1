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
from typing import TYPE_CHECKING, Final, Self

from renderer.errors import Code, TemplateError
from renderer.read.git_address import is_local, local_url
from renderer.read.git_objects import READ_TIMEOUT, Objects, fail, files_at
from renderer.read.interface import SourceKind
from renderer.read.ranges import NEXT, VERSION, parse_version
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.read.interface import Access
    from renderer.types import GitSource, TemplateFile, TemplatePin

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_ANSWER: Final = re.compile(r"([0-9a-f]{40})\t(refs/(?:tags|heads)/\S+?)(\^\{\})?")
_ASK_TIMEOUT, _FETCH_TIMEOUT = 120, 900  # seconds


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
            return tuple(files_at(repository, pin, address, self._source.path))

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


class _Repository(Objects):
    """A bare repository in the cache."""

    def __init__(self, folder: Path, *, is_local: bool) -> None:
        super().__init__(folder, _environment(folder, "https:ssh:file" if is_local else "https:ssh"))

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            fail(f"the cache of templates cannot be written: {error.strerror}", "set FLEETPRESS_CACHE to a folder")
        super().__enter__()
        if not (self._folder / "HEAD").is_file():
            self.run(lambda git: git.init("--bare", "--quiet", "--template=", kill_after_timeout=READ_TIMEOUT))
        return self

    def refs(self, url: str) -> Mapping[str, str]:
        """Tags and branches of `url` -> their commits; an annotated tag is followed to its commit."""
        said = self.run(lambda git: git.ls_remote("--tags", "--heads", "--", url, kill_after_timeout=_ASK_TIMEOUT))
        found: dict[str, str] = {}
        for line in said.splitlines():
            match = _ANSWER.fullmatch(line)
            if match and (match[3] or match[2] not in found):
                found[match[2]] = match[1]
        return found

    def has(self, commit: str) -> bool:
        """Whether the cache has a commit: it is kept by a reference of its own."""
        return bool(self.run(lambda git: git.for_each_ref(_kept(commit), kill_after_timeout=READ_TIMEOUT)))

    def fetch(self, url: str, commit: str) -> None:
        """Bring one commit into the cache, without its history."""
        from filelock import FileLock, Timeout

        options = ("--depth=1", "--no-tags", "--no-write-fetch-head", "--quiet", "--")
        try:
            with FileLock(f"{self._folder}.lock", timeout=_FETCH_TIMEOUT):
                self.run(
                    lambda git: git.fetch(*options, url, f"{commit}:{_kept(commit)}", kill_after_timeout=_FETCH_TIMEOUT)
                )
        except (Timeout, OSError):
            fail(f"the cache {self._folder.name} is locked by another process", "wait for it, and run again")


def _environment(folder: Path, protocols: str) -> dict[str, str]:
    """A git hook, and some CI systems, leave variables that would lead git to another repository."""
    found = {
        "GIT_DIR": str(folder),
        "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
        "GIT_ALLOW_PROTOCOL": protocols,
    }
    if not {"GIT_SSH", "GIT_SSH_COMMAND"} & os.environ.keys():
        found["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
    return found


def _kept(commit: str) -> str:
    return f"refs/fleetpress/{commit}"
