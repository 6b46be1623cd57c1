"""A real docker-registry (Distribution 2.8) on this machine, for as long as a ``with`` block lasts.

In: whether it speaks TLS and whether it wants a password. Out: its address and what clients need to reach it.
Never: an address other than 127.0.0.1, a fixed port, data that outlives the block.
"""

import base64
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import certificates
from .programs import require

USER = "fleet"
PASSWORD = "correct-horse"  # of a registry that lives for one test
_HTPASSWD = f"{USER}:$2b$05$dT5ZWYvX4SpQ3ND/4QHIOeBe17vmINGNWBj2Uqfz8f1f3BCc8hGFm\n"  # bcrypt of PASSWORD
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
_PATIENCE = 20.0  # seconds
_GRACE = 5.0  # seconds


@dataclass(frozen=True)
class Registry:
    """A running registry: `host` is ``127.0.0.1:PORT``, `storage` the folder of its data, `log` what it wrote."""

    host: str
    folder: Path
    tls: bool
    auth: bool

    @property
    def url(self) -> str:
        """Scheme and host, without a slash at the end."""
        return f"{'https' if self.tls else 'http'}://{self.host}"

    @property
    def storage(self) -> Path:
        """The folder where it keeps blobs and links."""
        return self.folder / "storage"

    @property
    def log(self) -> str:
        """Everything it has logged so far."""
        return (self.folder / "log").read_text()

    @property
    def ca(self) -> Path | None:
        """The certificate that a client has to trust, PEM; None without TLS."""
        return self.folder / "tls" / "ca.pem" if self.tls else None

    @property
    def client_env(self) -> dict[str, str]:
        """The environment with which cosign, crane, oras and skopeo trust it and log in."""
        config = self.folder / "client"
        found = {"DOCKER_CONFIG": str(config), "REGISTRY_AUTH_FILE": str(config / "config.json")} if self.auth else {}
        return found | ({"SSL_CERT_FILE": str(self.ca)} if self.ca else {})


@contextlib.contextmanager
def serve(*, tls: bool = False, auth: bool = False) -> Iterator[Registry]:
    """Start a registry, wait until it listens, and stop it at the end; start it in the main thread."""
    program = require("docker-registry")
    with tempfile.TemporaryDirectory(prefix="registry-") as name:
        folder = Path(name)
        config = _write_config(folder, tls=tls, auth=auth)
        with _process([str(program), "serve", str(config)], folder / "log") as process:
            port = _wait_for_port(process, folder / "log")
            host = f"127.0.0.1:{port}"
            if auth:
                _write_login(folder, host)
            yield Registry(host=host, folder=folder, tls=tls, auth=auth)


def _write_config(folder: Path, *, tls: bool, auth: bool) -> Path:
    """Write the registry's configuration, as JSON: YAML contains it."""
    http: dict[str, object] = {"addr": "127.0.0.1:0", "secret": "none"}
    if tls:
        certificates.write(folder / "tls")
        http["tls"] = {"certificate": str(folder / "tls" / "server.pem"), "key": str(folder / "tls" / "server.key")}
    config: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}, "delete": {"enabled": True}},
        "http": http,
    }
    if auth:
        (folder / "htpasswd").write_text(_HTPASSWD)
        config["auth"] = {"htpasswd": {"realm": "fleetpress", "path": str(folder / "htpasswd")}}
    path = folder / "config.yml"
    path.write_text(json.dumps(config))
    return path


def _write_login(folder: Path, host: str) -> None:
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (folder / "client").mkdir()
    (folder / "client" / "config.json").write_text(json.dumps({"auths": {host: {"auth": login}}}))


@contextlib.contextmanager
def _process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that ends with this block, and, where util-linux is installed, with this process."""
    setpriv = shutil.which("setpriv")
    guard = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    with (
        log.open("wb") as output,
        subprocess.Popen([*guard, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Read the port from the log: the registry chose it itself, so no other program can have taken it."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        found = _LISTENING.search(log.read_text())
        if found:
            return int(found[1])
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry did not start: {log.read_text()[-2000:]}")
