"""A certificate authority and a server certificate for 127.0.0.1, valid for a day.

In: a folder. Out: ca.pem, server.pem and server.key in it. Never: anything that is worth keeping.
"""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HOUR = dt.timedelta(hours=1)


def write(folder: Path) -> None:
    """Write an authority and a server certificate signed by it, as PEM."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name, server_name = _name("fleetpress test authority"), _name("localhost")
    ca = _builder(ca_name, ca_name, authority).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    leaf = _builder(server_name, ca_name, server).add_extension(_addresses(), critical=False)
    (folder / "ca.pem").write_bytes(_signed(ca, authority))
    (folder / "server.pem").write_bytes(_signed(leaf, authority))
    (folder / "server.key").write_bytes(private_pem(server))


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the key as unencrypted PKCS #8 PEM."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half as PEM, the form that verifiers take."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _addresses() -> x509.SubjectAlternativeName:
    local = ipaddress.ip_address("127.0.0.1")
    return x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(local)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    serial = x509.random_serial_number()
    return builder.serial_number(serial).not_valid_before(now - _HOUR).not_valid_after(now + 24 * _HOUR)


def _signed(builder: x509.CertificateBuilder, authority: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
