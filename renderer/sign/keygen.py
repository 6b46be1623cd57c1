"""Making a new pair of keys.

In: where to, and a password if the private key shall be encrypted. Out: two files, or none.
Never: overwrites a file, or leaves half a pair that looks whole.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from renderer.errors import Code, KeyFailure
from renderer.sign.cosign_key import encrypt_cosign_key
from renderer.sign.failure import key_failure
from renderer.sign.public_key import PublicKey

_PRIVATE, _PUBLIC = 0o600, 0o644


def generate_key(prefix: Path, password: bytes | None = None) -> tuple[Path, Path]:
    """Write `<prefix>.key` (mode 0600) and `<prefix>.pub`, and return their paths.

    With a password (an empty one too, as cosign does) the key is in cosign's encrypted format, else PKCS#8 PEM.
    Raises KeyFailure OUTPUT_UNWRITABLE when either file exists or cannot be written; then neither is left.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    files = {
        prefix.with_name(f"{prefix.name}.pub"): (PublicKey.of(key.public_key()).public_key_pem.encode(), _PUBLIC),
        prefix.with_name(f"{prefix.name}.key"): (_encode(key, password), _PRIVATE),
    }
    for path in files:
        if os.path.lexists(path):
            raise _exists(path)
    _write_all(files)
    public, private = files
    return private, public


def _encode(key: ec.EllipticCurvePrivateKey, password: bytes | None) -> bytes:
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    if password is None:
        return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)
    return encrypt_cosign_key(key.private_bytes(serialization.Encoding.DER, pkcs8, plain), password)


def _write_all(files: dict[Path, tuple[bytes, int]]) -> None:
    # Whole files appear under their names by link(), which never replaces. The private key comes last: where it is, its
    # public key is too, and a run that died before it left only a public key that nobody can sign for.
    done: list[Path] = []
    try:
        next(iter(files)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, (data, mode) in files.items():
            _write_new(path, data, mode)
            done.append(path)
    except OSError as error:
        what = f"cannot write {error.filename or 'the pair of keys'}: {error.strerror or 'the system gave no reason'}"
        failure = key_failure(Code.OUTPUT_UNWRITABLE, what, "name a prefix in a folder that can be written")
        raise failure from None
    finally:
        if len(done) < len(files):
            for path in done:
                path.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # created 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        _link(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _link(temporary: str, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _exists(path) from None


def _exists(path: Path) -> KeyFailure:
    what = f"{path} exists already, and a key is never overwritten"
    return key_failure(Code.OUTPUT_UNWRITABLE, what, "name another prefix, or move the old pair away")
