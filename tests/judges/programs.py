"""Finds the judges and calls them.

In: references ``HOST/REPO@DIGEST``, public key files. Out: the ``CompletedProcess`` of each call, also of a refusal.
Never: a request that leaves this machine; every call gets a proxy that does not answer and an empty home.
"""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

JUDGES = ("docker-registry", "cosign", "cosign2", "crane", "oras", "notation", "skopeo")
COSIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"

_ROOT = Path(__file__).resolve().parents[2]
_DEAD_PROXY = "http://127.0.0.1:9"
_EMPTY_TRUSTED_ROOT = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
_PATIENCE = 60  # seconds

Result = subprocess.CompletedProcess[str]


def find(program: str) -> Path | None:
    """Return the pinned program of ``JUDGES_DIR`` (default build/judges/bin), else the machine's own, else None."""
    folder = Path(os.environ.get("JUDGES_DIR") or _ROOT / "build" / "judges" / "bin")
    found = shutil.which(program, path=str(folder.resolve())) or shutil.which(program)
    return Path(found) if found else None


def require(program: str) -> Path:
    """Return the program's path; without it the test is skipped, or fails where FLEETPRESS_REQUIRE_JUDGES=1 says so."""
    path = find(program)
    if path is None:
        missing(f"{program} is not installed: run ci/install-judges")
    return path


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where FLEETPRESS_REQUIRE_JUDGES=1 says that judges are required, as in CI."""
    if os.environ.get("FLEETPRESS_REQUIRE_JUDGES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def run(program: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Result:
    """Run a judge offline and return what it said; `env` adds to its environment (see Registry.client_env)."""
    command = [str(require(program)), *map(str, arguments)]
    return subprocess.run(
        command, env=_offline(env or {}), capture_output=True, text=True, timeout=_PATIENCE, check=False
    )


def version(program: str) -> str:
    """Return the line in which the program tells its version, or the version its Go build recorded."""
    flag = "--version" if program in {"docker-registry", "skopeo"} else "version"
    lines = [line.strip() for line in run(program, flag).stdout.splitlines() if line.strip()]
    return next((line for line in lines if "ersion" in line), lines[0] if lines else "unknown")


def cosign_verify(
    ref: str, public_key: Path, *, legacy: bool = False, allow_http: bool = True, env: Mapping[str, str] | None = None
) -> Result:
    """Verify as a cluster does: cosign 3 takes the bundle, else the `.sig` tag; `legacy` is cosign 2: the tag only."""
    arguments = [
        "--key",
        str(public_key),
        "--insecure-ignore-tlog=true",
        *_http("--allow-http-registry", on=allow_http),
    ]
    return run("cosign2" if legacy else "cosign", "verify", *arguments, ref, env=env)


def cosign2_verify_bundle(
    ref: str,
    public_key: Path,
    *,
    predicate: str = COSIGN_PREDICATE,
    allow_http: bool = True,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Verify the bundle with cosign 2, which finds it only as an attestation and wants a trusted root, be it empty."""
    trusted = _home() / "trusted_root.json"
    trusted.write_text(_EMPTY_TRUSTED_ROOT)
    arguments = ["--new-bundle-format", "--trusted-root", str(trusted), "--type", predicate, "--key", str(public_key)]
    http = _http("--allow-http-registry", on=allow_http)
    return run("cosign2", "verify-attestation", *arguments, "--insecure-ignore-tlog=true", *http, ref, env=env)


def skopeo_copy(ref: str, destination: str, *, allow_http: bool = True, env: Mapping[str, str] | None = None) -> Result:
    """Copy to `destination`, such as ``dir:FOLDER`` (manifest.json keeps its bytes) or ``oci:FOLDER:TAG``."""
    tls = _http("--src-tls-verify=false", on=allow_http)
    return run("skopeo", "--insecure-policy", "copy", *tls, f"docker://{ref}", destination, env=env)


def crane_manifest(ref: str, *, allow_http: bool = True, env: Mapping[str, str] | None = None) -> Result:
    """Print the manifest's bytes."""
    return run("crane", *_http("--insecure", on=allow_http), "manifest", ref, env=env)


def crane_pull(ref: str, layout: Path, *, allow_http: bool = True, env: Mapping[str, str] | None = None) -> Result:
    """Pull into an OCI layout folder; crane checks the digest of every blob."""
    return run("crane", *_http("--insecure", on=allow_http), "pull", "--format", "oci", ref, layout, env=env)


def oras_pull(ref: str, layout: Path, *, allow_http: bool = True, env: Mapping[str, str] | None = None) -> Result:
    """Copy the artifact and its referrers into an OCI layout folder (`oras pull` leaves out layers without a title)."""
    http = _http("--from-plain-http", on=allow_http)
    return run("oras", "copy", "--recursive", *http, ref, "--to-oci-layout", f"{layout}:pulled", env=env)


def oras_discover(ref: str, *, allow_http: bool = True, env: Mapping[str, str] | None = None) -> Result:
    """Print the artifact's referrers as JSON."""
    return run("oras", "discover", *_http("--plain-http", on=allow_http), "--format", "json", ref, env=env)


def _http(flag: str, *, on: bool) -> list[str]:
    return [flag] if on else []


@functools.cache
def _home() -> Path:
    """An empty home, so that no judge reads or leaves credentials; one for the life of this process."""
    home = Path(tempfile.mkdtemp(prefix="judges-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


def _offline(extra: Mapping[str, str]) -> dict[str, str]:
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _DEAD_PROXY)
    home = {"HOME": str(_home()), "DOCKER_CONFIG": str(_home()), "XDG_CONFIG_HOME": str(_home())}
    local = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    return {"PATH": os.environ.get("PATH", os.defpath), **home, **proxies, **local, **extra}
