"""What must not alarm: the same places as in planted.py, filled with what only looks like a secret."""

from __future__ import annotations

import base64
import hashlib
import json
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.secrets.planted import ALNUM, HEX, LOWER, PLACES, some, uuid

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class LookAlike:
    """A harmless document: `what` it has in it, under which key, where."""

    what: str
    place: str
    content: bytes


def lookalikes(seed: int = 1) -> Iterator[LookAlike]:
    """Each harmless value in two places, which rotate, and whole documents."""
    random = Random(seed)
    names = list(PLACES)
    for number, (what, key, value) in enumerate(_values(random)):
        for turn in range(2):
            place = names[(number + turn * 3) % len(names)]
            yield LookAlike(f"{what} ({key}: {value[:40]})", place, PLACES[place](key, value).encode())
    for what, content in _documents(random):
        yield LookAlike(what, "document", content.encode())


def _values(random: Random) -> Iterator[tuple[str, str, str]]:
    yield from _digests(random)
    yield from (("reference", key, value) for key, value in _REFERENCES)
    yield from (("placeholder", key, value) for key, value in _PLACEHOLDERS)
    yield from (("name", key, value) for key, value in _NAMES)
    yield from (("setting", key, value) for key, value in _SETTINGS)


def _digests(random: Random) -> Iterator[tuple[str, str, str]]:
    sha = hashlib.sha256(b"content").hexdigest()
    yield from (("uuid", key, uuid(random)) for key in ("siteId", "tenant", "machine-id", "requestId", "systemUUID"))
    yield from (("commit", key, some(random, HEX, 40)) for key in ("revision", "commit", "gitSha", "ref"))
    yield "short commit", "build", some(random, HEX, 8)
    yield "digest", "digest", f"sha256:{sha}"
    yield "digest", "checksum/config", sha
    yield "digest", "sha512", hashlib.sha512(b"content").hexdigest()
    yield "digest", "md5", some(random, HEX, 32)
    yield "image", "image", f"registry.eu.labs.example/lab/lis:2.4.1@sha256:{sha}"
    yield "image", "image", f"quay.io/prometheus/prometheus@sha256:{sha}"
    yield "image of secrets", "image", "ghcr.io/external-secrets/external-secrets:v0.20.4"
    yield "SPKI hash", "pin-sha256", base64.b64encode(random.randbytes(32)).decode()
    yield "SPKI hash", "discoveryTokenCACertHash", f"sha256:{sha}"
    yield "public key of WireGuard", "publicKey", base64.b64encode(random.randbytes(32)).decode()
    yield "public key of age", "recipient", f"age1{some(random, '023456789acdefghjklmnpqrstuvwxyz', 58)}"
    yield "public key of SSH", "sshPublicKey", f"ssh-ed25519 {base64.b64encode(random.randbytes(51)).decode()} ops@labs"
    yield "fingerprint", "fingerprint", ":".join(some(random, HEX, 2) for _ in range(32))
    yield "npm integrity", "integrity", f"sha512-{base64.b64encode(random.randbytes(64)).decode()}"
    yield "base64 of configuration", "config", base64.b64encode(b"log_level: info\nretention: 30d\nhost: db\n").decode()
    yield "base64 of binary", "icon", base64.b64encode(random.randbytes(120)).decode()
    yield "template hash", "pod-template-hash", some(random, LOWER, 10)
    yield "serial number", "serialNumber", some(random, ALNUM, 14)
    yield "certificate", "caBundle", base64.b64encode(certificate().encode()).decode()
    yield "certificate", "ca.crt", certificate()
    yield "public key", "publicKey", public_key()
    yield "public key", "cosign.pub", public_key()
    yield "SOPS", "password", sops(random, 16)
    yield "SOPS", "mac", sops(random, 60)


def sops(random: Random, length: int) -> str:
    """What SOPS makes of a text."""
    parts = {"data": length, "iv": 43, "tag": 22}
    return (
        f"ENC[AES256_GCM,{','.join(f'{part}:{some(random, ALNUM, size)}=' for part, size in parts.items())},type:str]"
    )


_REFERENCES = [
    ("password", "$(DB_PASSWORD)"),
    ("password", "${DB_PASSWORD}"),
    ("password", "${DB_PASSWORD:=unset}"),
    ("password", "$DB_PASSWORD"),
    ("password", "$__file{/run/secrets/grafana}"),
    ("password", "%(ENV_DB_PASSWORD)s"),
    ("password", "{{ .Values.db.password }}"),
    ("token", '{{ env "TOKEN" | quote }}'),
    ("adminPassword", "vault:secret/data/grafana#password"),
    ("apiKey", "ref+vault://lab/grafana#/key"),
    ("apiKey", "op://labs/grafana/api-key"),
    ("token", "env:GITHUB_TOKEN"),
    ("token", "file:/run/secrets/token"),
    ("token", "/var/run/secrets/kubernetes.io/serviceaccount/token"),
    ("bearer_token", "/etc/prometheus/secrets/remote-write/token"),
    ("privateKey", "/etc/wireguard/private.key"),
    ("clientSecret", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:labs/oidc-AbCdEf"),
    ("secret", "projects/labs/secrets/oidc/versions/3"),
    ("credentials", "secretmanager://labs/oidc"),
    ("secret", "https://vault.eu.labs.example/v1/kv/data/lab"),
    ("token_endpoint", "https://login.labs.example/oauth2/v2.0/token"),
    ("url", "https://login.labs.example/oauth2/token?grant_type=client_credentials"),
    ("url", "postgres://db.lab.svc:5432/results"),
    ("url", "postgres://lab:$(DB_PASSWORD)@db.lab.svc:5432/results"),
    ("url", "postgres://lab:${DB_PASSWORD}@db.lab.svc:5432/results"),
    ("url", "amqp://{{ .user }}:{{ .password }}@mq.lab.svc:5672/"),
    ("repository", "ssh://git@git.labs.example:7999/platform/fleet.git"),
    ("repository", "git@github.com:labs/fleet.git"),
    ("proxy", "http://proxy.labs.example:3128"),
    ("endpoint", "[fd00::10]:9000"),
]

_PLACEHOLDERS = [
    ("password", "<redacted>"),
    ("password", "<password>"),
    ("password", "********"),
    ("password", "xxxxxxxx"),
    ("password", "changeme"),
    ("password", "CHANGE_ME"),
    ("password", "replace-me-in-production"),
    ("password", "your-password-here"),
    ("token", "YOUR_API_TOKEN"),
    ("apiKey", "<your-api-key-from-the-portal>"),
    ("token", "example-token-1234567890"),
    ("aws_access_key_id", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"),
    ("password", "TODO: ask the platform team"),
    ("secret", "not-a-real-secret-12"),
    ("password", ""),
    ("token", "null"),
    ("password", "required"),
    ("token", "optional"),
    ("authorization", "Bearer <token>"),
    ("authorization", "Bearer ${TOKEN}"),
    ("authorization", "Basic $(BASIC_AUTH)"),
    ("private_key", "-----BEGIN PRIVATE KEY-----\n<redacted>\n-----END PRIVATE KEY-----\n"),
    ("private_key", "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n"),
]

_NAMES = [
    ("secret", "thanos-objstore"),
    ("secret", "berlin-spreelab-01-tls"),
    ("secretName", "grafana-admin-credentials"),
    ("existingSecret", "lab-app-database"),
    ("imagePullSecret", "registry-mirror"),
    ("passwordSecret", "lis-db"),
    ("passwordKey", "adminPassword"),
    ("secretKey", "admin-password"),
    ("secretKey", "clientSecret"),
    ("secretAccessKey", "secret-access-key"),
    ("tokenSecretRef", "cloudflare-api-token"),
    ("token", "cluster-bootstrap"),
    ("token", "registry-mirror-eu-2"),
    ("apiKey", "datadog-api-key"),
    ("credentials", "aws-backup-credentials"),
    ("credentials", "flux-system/git-credentials"),
    ("secret", "kv/data/eu/de/berlin"),
    ("remoteKey", "labs/berlin/grafana"),
    ("secretStore", "vault-backend"),
    ("auth-secret", "traefik-dashboard-auth"),
    ("password", "database-password"),
    ("password", "postgresPassword"),
    ("secret", "externalSecretsOperator"),
    ("tokenAudience", "https://vault.eu.labs.example"),
    ("accessKey", "access_key"),
    ("license_key", "license.key"),
    ("private_key", "tls.key"),
    ("master_key", "master-node-key"),
    ("token", "storage.objects.get"),
    ("secret", "spec.template.metadata"),
]

_SETTINGS = [
    ("passwordPolicy", "lower=1,upper=1,digit=1,length=12"),
    ("password_hashing", "argon2id"),
    ("password", "12"),
    ("passwordMinLength", "14"),
    ("tokenTTL", "24h"),
    ("token_lifetime", "86400"),
    ("secretRotation", "720h"),
    ("key", "node-role.kubernetes.io/control-plane"),
    ("keyAlgorithm", "ECDSA-P256-SHA256"),
    ("api-key-header", "X-Api-Key"),
    ("secretEngine", "kv-v2"),
    ("pass", "true"),
    ("passThrough", "enabled-for-all-hosts-2"),
    ("compass", "north-52.5200-13.4050"),
    ("community", "64512:100"),
    ("snmp_community", "public"),
    ("podCIDR", "10.244.0.0/16"),
    ("range", "fd00:10:244::/64"),
    ("mac", "02:42:ac:11:00:02"),
    ("cron", "17 3 * * 1-5"),
    ("basic", "Basic settings of the laboratory system"),
    ("title", "Basic Authentication for everybody"),
    ("help", "The token of the runner, see the handbook of the platform team"),
    ("password", "the password of the administrator, kept in Vault"),
    ("query", 'rate(http_requests_total{code=~"5.."}[5m]) > 0.1'),
    ("version", "1.36.1+k3s2"),
    ("chart", "kube-prometheus-stack-78.2.1"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
    ("regex", "^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*)$"),
    ("path", "/usr/share/java/keystore/cacerts.jks"),
    ("oid", "1.2.840.10008.5.1.4.1.1.2"),
    ("sops", "age"),
    ("message", "MSH|^~\\&|LAB|SPREE|HIS|CHARITE|20260101120000||ORU^R01|1|P|2.5"),
]


@cache
def certificate() -> str:
    """A self-signed certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry.eu.labs.example")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1000).not_valid_before(start).not_valid_after(start + timedelta(days=365))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@cache
def public_key() -> str:
    """A public key in PEM."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def _documents(random: Random) -> Iterator[tuple[str, str]]:
    yield from _DOCUMENTS.items()
    jwk = {"kty": "EC", "crv": "P-256", "x": some(random, ALNUM, 43), "y": some(random, ALNUM, 43)}
    yield "JSON Web Key, public", json.dumps(jwk)
    registry = {"auths": {"registry.eu.labs.example": {}}, "credsStore": "ecr-login"}
    yield "docker configuration without auth", json.dumps(registry)
    yield "folded certificate", f"data:\n  ca: |\n{textwrap.indent(certificate(), '    ')}"


_ENV = """\
env:
  - name: DB_PASSWORD
    valueFrom:
      secretKeyRef:
        name: lis-database
        key: password
  - name: API_TOKEN_FILE
    value: /run/secrets/api-token
  - name: TOKEN_AUDIENCE
    value: https://vault.eu.labs.example
  - name: SECRET_NAME
    value: berlin-spreelab-01-tls
"""
_EXTERNAL = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: grafana-admin
spec:
  secretStoreRef:
    name: vault
    kind: ClusterSecretStore
  data:
    - secretKey: admin-password
      remoteRef:
        key: labs/berlin/grafana
        property: password
"""
_ROLE = """\
rules:
  - apiGroups: [""]
    resources: ["secrets", "serviceaccounts/token"]
    verbs: ["get", "list"]
  - apiGroups: ["bitnami.com"]
    resources: ["sealedsecrets"]
    verbs: ["*"]
"""
_KUBECONFIG = """\
users:
  - name: admin
    user:
      client-key: /etc/kubernetes/pki/admin.key
      client-certificate: /etc/kubernetes/pki/admin.crt
      tokenFile: /var/run/secrets/token
"""
_ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: app
secrets:
  - name: app-token-x7k2p
imagePullSecrets:
  - name: registry-mirror
"""
_ARGUMENTS = """\
args:
  - --password-file
  - /run/secrets/password
  - --token-ttl
  - 24h
  - --secret
  - lab/registry-mirror
"""
_ALERTMANAGER = """\
receivers:
  - name: ops
    slack_configs:
      - api_url_file: /etc/alertmanager/secrets/slack
        channel: "#ops"
"""
_KUSTOMIZATION = """\
decryption:
  provider: sops
  secretRef:
    name: sops-age
postBuild:
  substituteFrom:
    - kind: Secret
      name: cluster-secrets
"""
_DEFINITION = """\
properties:
  password:
    type: string
    description: Password of the user, never logged.
  token:
    type: string
    x-kubernetes-validations:
      - rule: self.size() > 8
"""
_DOCUMENTS = {
    "env from a Secret": _ENV,
    "ExternalSecret": _EXTERNAL,
    "RBAC of secrets": _ROLE,
    "ServiceAccount": _ACCOUNT,
    "kubeconfig with files": _KUBECONFIG,
    "arguments": _ARGUMENTS,
    "Alertmanager": _ALERTMANAGER,
    "Kustomization": _KUSTOMIZATION,
    "CRD": _DEFINITION,
}
