"""The files that fleet repositories include: their form, and that they call the command as it is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from renderer import __version__
from renderer.cli.main import main as fleetpress
from renderer.types import Shard

ROOT = Path(__file__).parents[2]
GITLAB = ROOT / "ci/gitlab/fleetpress.gitlab-ci.yml"
GITLAB_SHARDS = ROOT / "ci/gitlab/fleetpress-shards.gitlab-ci.yml"
ACTION = ROOT / "ci/github/action.yml"
WORKFLOW = ROOT / "ci/github/workflow.yml"
WORKFLOW_SHARDS = ROOT / "ci/github/workflow-shards.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
SECRETS = ("FLEETPRESS_KEY", "FLEETPRESS_KEY_PASSWORD", "DOCKER_AUTH_CONFIG", "PRIVATE_KEY", "REGISTRY_AUTH")
# Of a composite action: https://docs.github.com/actions/reference/metadata-syntax-reference
ACTION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "description", "runs"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "inputs": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z_][a-z0-9_-]*$"},
            "additionalProperties": {
                "type": "object",
                "required": ["description"],
                "additionalProperties": False,
                "properties": {
                    "description": {"type": "string"},
                    "default": {"type": "string"},
                    "required": {"type": "boolean"},
                },
            },
        },
        "runs": {
            "type": "object",
            "required": ["using", "steps"],
            "additionalProperties": False,
            "properties": {
                "using": {"const": "composite"},
                "steps": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "oneOf": [{"required": ["uses"]}, {"required": ["run", "shell"]}],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string"},
                            "if": {"type": "string"},
                            "id": {"type": "string"},
                            "uses": {"type": "string", "pattern": "@"},
                            "with": {"type": "object"},
                            "run": {"type": "string"},
                            "shell": {"const": "bash"},
                            "env": {"type": "object", "additionalProperties": {"type": "string"}},
                        },
                    },
                },
            },
        },
    },
}


def gitlab(file: Path = GITLAB) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and the jobs."""
    header, jobs = yaml.safe_load_all(file.read_text())
    return header["spec"]["inputs"], jobs


def action_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    return steps


def scripts() -> list[str]:
    """Everything that a shell runs."""
    of_gitlab = [
        "\n".join(lines)
        for file in (GITLAB, GITLAB_SHARDS)
        for job in gitlab(file)[1].values()
        for lines in (job.get("before_script"), job.get("script"))
        if lines
    ]
    return [*of_gitlab, *(step["run"] for step in action_steps() if "run" in step)]


def test_gitlab_validates_merge_requests_and_publishes_only_the_default_branch() -> None:
    inputs, jobs = gitlab()

    assert set(jobs) == {".fleetpress", "fleetpress-validate", "fleetpress-publish"}
    rules = {name: [rule["if"] for rule in job.get("rules", [])] for name, job in jobs.items()}
    assert '$CI_PIPELINE_SOURCE == "merge_request_event"' in rules["fleetpress-validate"]
    assert rules["fleetpress-publish"] == ["$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]
    assert jobs["fleetpress-publish"]["interruptible"] is False
    assert jobs[".fleetpress"]["variables"]["GIT_DEPTH"] == "0"
    assert jobs[".fleetpress"]["artifacts"]["when"] == "always"
    assert all(job["extends"] == ".fleetpress" for name, job in jobs.items() if name != ".fleetpress")
    assert "$CI_PIPELINE_IID" in inputs["serial"]["description"]


def test_the_shards_of_gitlab_run_side_by_side_and_one_job_tells_of_all() -> None:
    _, jobs = gitlab(GITLAB_SHARDS)
    _, plain = gitlab()

    assert jobs.keys() - plain.keys() == {"fleetpress-validate-report", "fleetpress-publish-report"}
    assert jobs[".fleetpress"]["variables"] == plain[".fleetpress"]["variables"]
    for name in ("fleetpress-validate", "fleetpress-publish"):
        assert jobs[name]["parallel"] == "$[[ inputs.shards ]]"
        assert "resource_group" not in jobs[name]
        assert jobs[name]["rules"] == plain[name]["rules"]
        report = jobs[f"{name}-report"]
        assert report["needs"] == [name]
        assert report["rules"] == [{**rule, "when": "always"} for rule in plain[name]["rules"]]


@pytest.mark.parametrize("file", [GITLAB, GITLAB_SHARDS], ids=lambda file: file.stem)
def test_gitlab_uses_every_input_and_no_other(file: Path) -> None:
    inputs, _ = gitlab(file)
    used = re.findall(r"\$\[\[ inputs\.(\w+) \]\]", file.read_text().partition("\n---\n")[2])

    assert set(used) == set(inputs)
    assert all("default" in one for one in inputs.values())


def test_the_action_has_the_form_of_a_composite_action() -> None:
    action = yaml.safe_load(ACTION.read_text())

    jsonschema.Draft7Validator(ACTION_SCHEMA).validate(action)
    assert set(re.findall(r"inputs\.([\w-]+)", str(action["runs"]))) == set(action["inputs"])


def test_no_input_is_written_into_the_text_of_a_script() -> None:
    # Whoever chooses an input's text would choose what is run.
    assert not [step for step in action_steps() if "${{" in step.get("run", "")]


def test_the_workflow_reads_only_and_publishes_pushes_only() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]

    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["publish"]["if"] == "github.event_name == 'push'"
    assert "pull_request_target" not in WORKFLOW.read_text()
    for step in steps:
        if step["uses"] == "./.github/actions/fleetpress":
            assert set(step["with"]) <= set(inputs)
            assert step["with"]["requirement"] == f"fleetpress=={__version__}"
        else:
            assert step["with"]["persist-credentials"] is False
    assert [step["with"].get("fetch-depth") for step in steps if "checkout" in step["uses"]] == [None, 0]


def test_the_workflow_in_shards_covers_all_sites_and_is_as_careful() -> None:
    workflow = yaml.safe_load(WORKFLOW_SHARDS.read_text())
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]

    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in WORKFLOW_SHARDS.read_text()
    for name in ("validate", "publish"):
        job, report = workflow["jobs"][name], workflow["jobs"][f"{name}-report"]
        shares = [Shard.parse(text) for text in job["strategy"]["matrix"]["shard"]]
        assert shares == [Shard(index, len(shares)) for index in range(1, len(shares) + 1)]
        assert job["strategy"]["fail-fast"] is False
        assert report["needs"] == name
        assert report["if"].startswith("always()")
        assert report["steps"][-1]["with"].get("merge", "validate") == name
    assert all("github.event_name == 'push'" in workflow["jobs"][name]["if"] for name in ("publish", "publish-report"))
    for step in (step for job in workflow["jobs"].values() for step in job["steps"]):
        if step["uses"] == "./.github/actions/fleetpress":
            assert set(step["with"]) <= set(inputs)
            assert step["with"]["requirement"] == f"fleetpress=={__version__}"
        else:
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", [GITLAB, GITLAB_SHARDS], ids=lambda file: file.stem)
def test_the_head_of_the_gitlab_file_names_this_version(file: Path) -> None:
    assert f"requirement: fleetpress=={__version__}" in file.read_text()


def test_the_hook_has_what_pre_commit_asks_for() -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())

    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["id"] == "fleetpress-validate"
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    pattern = re.compile(hook["files"])
    changed = ["fleets/labs/sites/eu/de/x.yaml", "templates/app/next/copier.yml", "schemas/crds/x.yaml"]
    assert all(pattern.search(file) for file in changed)
    assert not pattern.search("README.md")


@pytest.mark.parametrize("script", scripts(), ids=range(len(scripts())))
def test_a_script_is_a_script_and_prints_no_secret(script: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)

    assert checked.returncode == 0, checked.stderr
    assert "set -x" not in script
    for line in script.splitlines():
        if any(f"${secret}" in line for secret in SECRETS) and re.search(r"\b(echo|printf|cat)\b", line):
            assert re.search(r"> \"\$DOCKER_CONFIG|\| \"\$fleetpress\" publish", line), line


def test_the_command_is_called_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETPRESS_KEY", "x")
    monkeypatch.setenv("FLEETPRESS_PUBLIC_KEY", "x")
    monkeypatch.setenv("CI_NODE_INDEX", "1")
    monkeypatch.setenv("CI_NODE_TOTAL", "2")
    text = "\n".join([*scripts(), *(hook["entry"] for hook in yaml.safe_load(HOOKS.read_text()))])
    calls = re.findall(
        r'(?:^|; |\| )(?:fleetpress|"\$fleetpress"|"\$RUNNER_TEMP/\S+/fleetpress") (\w[^>|\n]*)', text, re.MULTILINE
    )

    assert {call.split()[0] for call in calls} == {"validate", "publish", "verify", "merge"}
    for call in calls:
        name, *rest = shlex.split(call)
        command = fleetpress.commands[name]
        assert isinstance(command, click.Command)
        command.make_context(name, rest)


def test_what_the_jobs_set_is_what_the_command_reads() -> None:
    known = {
        str(option.envvar)
        for name in ("validate", "publish", "verify")
        for option in fleetpress.commands[name].params
        if option.envvar
    } | {"FLEETPRESS_KEY_PASSWORD"}
    texts = [file.read_text() for file in (GITLAB, GITLAB_SHARDS, ACTION)]

    assert {name for text in texts for name in re.findall(r"\bFLEETPRESS_[A-Z_]+\b", text)} <= known


def with_inputs(value: Any, inputs: dict[str, str]) -> Any:
    """A job as GitLab has it after the inputs were put in."""
    text = yaml.safe_dump(value, default_style='"')
    return yaml.safe_load(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: inputs[match[1]], text))


@pytest.mark.slow
def test_the_jobs_of_gitlab_publish_a_new_fleet(tmp_path: Path) -> None:
    defaults, jobs = gitlab()
    inputs = {name: one["default"] for name, one in defaults.items()}
    jobs = with_inputs(jobs, inputs | {"target": f"oci-layout:{tmp_path}/registry", "serial": "$CI_PIPELINE_IID"})
    fleet, bin_folder = tmp_path / "shops", tmp_path / "bin"
    bin_folder.mkdir()
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from renderer.cli.main import run; run()"
    (bin_folder / "fleetpress").write_text(f'#!/bin/sh\nexec {sys.executable} -P -c {shlex.quote(code)} "$@"\n')
    (bin_folder / "fleetpress").chmod(0o755)
    people = {f"GIT_{who}_{what}": "x@shops.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **people, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}

    def shell(lines: list[str], variables: dict[str, str]) -> str:
        # As the runner does it: all lines in one shell that stops at the first failure.
        script = "\n".join(["set -eo pipefail", *lines])
        done = subprocess.run(
            ["bash", "-c", script], cwd=fleet, env=environment | variables, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "top-secret" not in done.stdout + done.stderr
        return done.stdout

    fleet.mkdir()
    shell(["git init -q -b main", "fleetpress init .", "git add -A", "git commit -q -m x"], {})
    shell(["fleetpress keygen ../key"], {"FLEETPRESS_KEY_PASSWORD": "top-secret"})
    (tmp_path / "key.key").chmod(0o644)  # as GitLab writes variables of the type File
    common, publishing = (
        {name: value.replace("$CI_PIPELINE_IID", "7") for name, value in jobs[job]["variables"].items()}
        for job in (".fleetpress", "fleetpress-publish")
    )
    keys = {
        "FLEETPRESS_KEY": str(tmp_path / "key.key"),
        "FLEETPRESS_PUBLIC_KEY": str(tmp_path / "key.pub"),
        "FLEETPRESS_KEY_PASSWORD": "top-secret",
        "DOCKER_AUTH_CONFIG": '{"auths": {"registry.example": {"auth": "top-secret"}}}',
    }

    validated = shell(jobs["fleetpress-validate"]["script"], common)
    published = shell(jobs["fleetpress-publish"]["script"], common | publishing | keys)

    assert "1 site checked, no errors" in validated
    assert "1 verified, 0 failed" in published
    assert sorted(path.name for path in (fleet / "build").iterdir()) == [
        "fleetpress-publish.txt",
        "fleetpress-validate.txt",
        "fleetpress-verify.txt",
    ]

    _, sharded = gitlab(GITLAB_SHARDS)
    sharded = with_inputs(sharded, inputs | {"target": f"oci-layout:{tmp_path}/other", "serial": "7", "shards": "2"})
    common = sharded[".fleetpress"]["variables"]
    for job in ("fleetpress-validate", "fleetpress-publish"):
        for node in ("1", "2"):
            of_two = {"CI_NODE_INDEX": node, "CI_NODE_TOTAL": "2"}
            shell(sharded[job]["script"], common | publishing | keys | of_two)
    validated = shell(sharded["fleetpress-validate-report"]["script"], {})
    published = shell(sharded["fleetpress-publish-report"]["script"], {})

    assert "1 site checked, no errors" in validated
    assert "published  1 " in published
    assert "1 verified, 0 failed" in (fleet / "build" / "fleetpress-verify.txt").read_text()


def test_the_recorded_tests_are_those_of_the_copier_that_we_lock() -> None:
    locked = re.findall(r"^copier==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    recorded = re.findall(r"^copier==(\S+)", (ROOT / "ci/copier-tests.lock").read_text(), re.MULTILINE)

    assert recorded == locked
