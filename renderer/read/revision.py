"""The commit that is checked out, as git tells it.

In: a repository's folder. Out: a Revision. Never: writes to the repository, asks for a password, or passes on to git
anything that a user typed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from renderer.errors import Code, EnvironmentFailure
from renderer.read.interface import Revision
from renderer.types import Problem

if TYPE_CHECKING:
    from git import Repo

# No prompt, no index refresh behind our back, messages that `_SAID` can recognise.
_ENVIRONMENT: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
_TIMEOUT: Final = 120
# What git says -> what that means, and what to do.
_SAID: Final = (
    (
        "dubious ownership",
        "git does not trust the repository, because another user owns it",
        "run: git config --global --add safe.directory FOLDER",
    ),
    ("unknown revision", "the repository has no commit yet", "commit the fleet first"),
    ("bad revision", "the repository has no commit yet", "commit the fleet first"),
    (
        "not a git repository",
        "the folder is not a git repository",
        "clone or `git init` it, or give the serial yourself",
    ),
    ("bad object", "the repository is damaged or incomplete", "run `git fsck`, or clone it again"),
    ("index file", "the repository's index is damaged", "run `git status` in it, or clone it again"),
)


def head(repository: Path) -> Revision:
    """What is checked out in `repository`, the top of a work tree (linked ones and submodules too).

    Raises EnvironmentFailure in plain words when git is missing, mistrusts the folder, or has no commit.
    """
    try:
        import git
    except ImportError:  # GitPython runs git when it is imported
        _fail("git is not installed, or not found", "install git, or add it to PATH")
    try:
        with git.Repo(repository, search_parent_directories=False) as repo:
            repo.git.update_environment(**_ENVIRONMENT)
            return _head(repo, repository)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        _fail("the folder is not a git repository", "clone or `git init` it, or give the serial yourself")
    except git.GitCommandNotFound:
        _fail("git is not installed, or not found", "install git, or add it to PATH")
    except git.GitError as error:
        _translate(str(getattr(error, "stderr", "") or error))
    except (OSError, ValueError) as error:
        _translate(str(error))


def _head(repo: Repo, folder: Path) -> Revision:
    asked = ("--is-shallow-repository", "--absolute-git-dir", "--show-toplevel", "HEAD", "--")
    answers = repo.git.rev_parse(*asked, kill_after_timeout=_TIMEOUT).splitlines()
    is_shallow, directory, top, commit = map(str, answers[:4])
    shallow = is_shallow == "true"
    if not (Path(directory).samefile(repo.git_dir) and Path(top).samefile(folder)):
        _fail("GIT_DIR or GIT_WORK_TREE in the environment points elsewhere", "unset them and run the command again")
    serial = None
    if not shallow:
        serial = int(repo.git.rev_list("--first-parent", "--count", commit, kill_after_timeout=_TIMEOUT))
    # A file-system monitor from the repository's own configuration is a program that must not run.
    git = repo.git(c="core.fsmonitor=false")
    changes = git.status("--porcelain", "--untracked-files=normal", kill_after_timeout=_TIMEOUT)
    return Revision(commit, serial, bool(changes), shallow)


def _translate(said: str) -> NoReturn:
    for words, what, hint in _SAID:
        if words in said:
            _fail(what, hint)
    lines = [line.strip(" '\n") for line in said.splitlines() if line.strip(" '\n") and "cmdline" not in line]
    _fail(f"git failed: {lines[-1][:200] if lines else 'without a message'}", "run `git status` in the repository")


def _fail(what: str, hint: str) -> NoReturn:
    raise EnvironmentFailure(what, problems=[Problem(Code.GIT_FAILED, what, hint=hint)]) from None
