"""Secrets to plant: made from a seed, never stored, so that neither this repository nor its forge has one.

A `Kind` makes the secret; `Place`s put it where secrets are found in fleets. A plant knows where it ends up, and what
must be found.
"""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits, hexdigits

HEX = "0123456789abcdef"
ALNUM = ascii_letters + digits
BASE64 = ALNUM + "+/"
URLSAFE = ALNUM + "_-"
BASE32 = ascii_uppercase + "234567"
LOWER = ascii_lowercase + digits
UPPER = ascii_uppercase + digits


@dataclass(frozen=True)
class Kind:
    """`rule` is the one that should tell it; `key` is what it is called where it stands, if that matters."""

    rule: str
    make: Callable[[Random], str]
    key: str = ""


@dataclass(frozen=True)
class Plant:
    """A document with one secret in it."""

    rule: str
    place: str
    secret: str
    content: bytes


def some(random: Random, alphabet: str, length: int) -> str:
    """Random text, with a digit and both cases wherever the alphabet has them, as generators make it."""
    while True:
        text = "".join(random.choice(alphabet) for _ in range(length))
        wanted = [kind for kind in (str.isdigit, str.islower, str.isupper) if any(map(kind, alphabet))]
        if length < 8 or all(any(map(kind, text)) for kind in wanted):
            return text


def text(pattern: str) -> Callable[[Random], str]:
    """A maker from a little language: `{hex:32}` is 32 random characters of that alphabet."""
    alphabets = {
        "hex": HEX, "alnum": ALNUM, "b64": BASE64, "url": URLSAFE, "b32": BASE32, "lower": LOWER, "upper": UPPER,
        "digit": digits, "word": ascii_lowercase, "letter": ascii_letters, "HEX": hexdigits[:10] + "ABCDEF",
    }  # fmt: skip

    def make(random: Random) -> str:
        parts = pattern.split("{")
        made = [parts[0]]
        for part in parts[1:]:
            spec, _, rest = part.partition("}")
            name, _, length = spec.partition(":")
            made.append(some(random, alphabets[name], int(length)) + rest)
        return "".join(made)

    return make


def uuid(random: Random) -> str:
    return "-".join(some(random, HEX, length) for length in (8, 4, 4, 4, 12))


def pem(label: str, size: int = 600) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        body = base64.b64encode(random.randbytes(size)).decode()
        lines = "\n".join(textwrap.wrap(body, 64))
        return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"

    return make


def encrypted_pem(random: Random) -> str:
    body = pem("RSA PRIVATE KEY")(random).split("\n", 1)
    return f"{body[0]}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,{some(random, HEX, 32)}\n\n{body[1]}"


def one_line(make: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda random: make(random).replace("\n", "\\n")


def in_base64(make: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda random: base64.b64encode(make(random).encode()).decode()


def jwt(random: Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"iss": "kubernetes/serviceaccount", "sub": f"system:serviceaccount:lab:{some(random, LOWER, 6)}"}
    return f"{part({'alg': 'RS256', 'kid': some(random, ALNUM, 20)})}.{part(claims)}.{some(random, URLSAFE, 342)}"


def basic(random: Random) -> str:
    return base64.b64encode(f"deploy:{some(random, ALNUM, 14)}".encode()).decode()


def human(random: Random) -> str:
    """A password as people make them."""
    word = random.choice(["Winter", "Sommer", "Labor", "Berlin", "Hospital", "Dragon", "Monday"])
    return f"{word}{random.randrange(1990, 2030)}{random.choice('!#?$%&+')}".replace("$", "§")


def wireguard(random: Random) -> str:
    return base64.b64encode(random.randbytes(32)).decode()


def azure_key(random: Random) -> str:
    return base64.b64encode(random.randbytes(64)).decode()


def teams(random: Random) -> str:
    hook = f"{uuid(random)}@{uuid(random)}/IncomingWebhook/{some(random, HEX, 32)}/{uuid(random)}"
    return f"https://labs.webhook.office.com/webhookb2/{hook}"


def docker_config(random: Random) -> str:
    return json.dumps({"auths": {"registry.eu.labs.example": {"auth": basic(random)}}})


def kinds() -> list[Kind]:
    """Every kind of secret that is planted."""
    return [
        Kind("aws-access-key-id", text("AKIA{b32:16}")),
        Kind("aws-access-key-id", text("ASIA{b32:16}")),
        Kind("aws-secret-access-key", text("{b64:40}"), "aws_secret_access_key"),
        Kind("aws-secret-access-key", text("{b64:40}"), "secretAccessKey"),
        Kind("aws-secret-access-key", text("{b64:40}"), "secret_key"),
        Kind("aws-session-token", text("{b64:356}=="), "aws_session_token"),
        Kind("gcp-service-account", text("{hex:40}"), "private_key_id"),
        Kind("gcp-api-key", text("AIza{url:35}")),
        Kind("gcp-oauth-secret", text("GOCSPX-{url:28}")),
        Kind("gcp-oauth-token", text("ya29.{url:80}")),
        Kind("azure-storage-key", azure_key, "AccountKey"),
        Kind(
            "azure-storage-key",
            lambda random: f"DefaultEndpointsProtocol=https;AccountName=labs;AccountKey={azure_key(random)}",
        ),
        Kind(
            "azure-shared-access-key",
            lambda random: (
                f"Endpoint=sb://labs.servicebus.windows.net/;SharedAccessKeyName=r;SharedAccessKey={wireguard(random)}"
            ),
        ),
        Kind("azure-sas", text("https://labs.blob.core.windows.net/logs?sv=2024-11-04&ss=b&sig={alnum:43}%3D")),
        Kind("azure-client-secret", text("{alnum:3}8Q~{url:34}")),
        Kind("azure-devops-token", text("{alnum:76}AZDO{alnum:4}")),
        Kind("digitalocean-token", text("dop_v1_{hex:64}")),
        Kind("hetzner-token", text("{alnum:64}"), "HCLOUD_TOKEN"),
        Kind("alibaba-access-key", text("LTAI{alnum:20}")),
        Kind("cloudflare-origin-key", text("v1.0-{hex:24}-{hex:146}")),
        Kind("scaleway-key", text("SCW{upper:17}")),
        Kind("github-token", text("ghp_{alnum:36}")),
        Kind("github-token", text("gho_{alnum:36}")),
        Kind("github-token", text("ghu_{alnum:36}")),
        Kind("github-token", text("ghs_{alnum:36}")),
        Kind("github-token", text("ghr_{alnum:76}")),
        Kind("github-fine-grained-token", text("github_pat_{alnum:22}_{alnum:59}")),
        *[
            Kind("gitlab-token", text(f"gl{kind}-{{url:20}}"))
            for kind in ("pat", "dt", "rt", "cbt", "ptt", "ft", "imt", "agent", "oas", "soat", "ffct", "wt")
        ],
        Kind("gitlab-runner-registration", text("GR1348941{url:20}")),
        Kind("bitbucket-token", text("ATBB{alnum:32}")),
        Kind("bitbucket-token", text("ATCTT3{url:180}")),
        Kind("atlassian-token", text("ATATT3{url:186}")),
        Kind("gitea-token", text("{hex:40}"), "gitea_token"),
        Kind("gitea-token", text("{hex:40}"), "FORGEJO_API_TOKEN"),
        Kind("docker-auth", docker_config),
        Kind("docker-auth", in_base64(docker_config)),
        Kind("docker-hub-token", text("dckr_pat_{url:27}")),
        Kind("harbor-robot", text("robot$labs+puller: {alnum:32}")),
        Kind("quay-robot", text("{upper:64}"), "quay_token"),
        Kind("jfrog-token", text("AKCp8{alnum:68}")),
        Kind("jfrog-token", text("cmVmd{alnum:59}")),
        Kind("npm-token", text("npm_{alnum:36}")),
        Kind("npm-auth", text("//registry.labs.example/:_authToken={alnum:40}")),
        Kind("pypi-token", text("pypi-AgEIcHlwaS5vcmc{url:120}")),
        Kind("rubygems-token", text("rubygems_{hex:48}")),
        Kind("nuget-key", text("oy2{lower:43}")),
        Kind("crates-token", text("cio{alnum:32}"), "CARGO_REGISTRY_TOKEN"),
        Kind("circleci-token", text("CCIPAT_{alnum:22}_{hex:40}")),
        Kind("buildkite-token", text("bkua_{hex:40}")),
        Kind("jenkins-token", text("11{hex:32}"), "JENKINS_API_TOKEN"),
        Kind("pulumi-token", text("pul-{hex:40}")),
        Kind("sonar-token", text("squ_{hex:40}")),
        Kind("slack-token", text("xoxb-{digit:12}-{digit:13}-{alnum:24}")),
        Kind("slack-token", text("xapp-1-A{upper:10}-{digit:13}-{hex:64}")),
        Kind("slack-webhook", text("https://hooks.slack.com/services/T{upper:10}/B{upper:10}/{alnum:24}")),
        Kind("teams-webhook", teams),
        Kind("discord-webhook", text("https://discord.com/api/webhooks/{digit:18}/{url:68}")),
        Kind("telegram-token", text("{digit:10}:AA{url:33}")),
        Kind("mattermost-webhook", text("https://chat.labs.example/hooks/{lower:26}")),
        Kind("pagerduty-key", text("{hex:32}"), "routing_key"),
        Kind("opsgenie-key", uuid, "opsgenie_api_key"),
        Kind("stripe-key", text("sk_live_{alnum:32}")),
        Kind("stripe-key", text("rk_live_{alnum:32}")),
        Kind("stripe-key", text("whsec_{alnum:32}")),
        Kind("square-token", text("sq0csp-{url:43}")),
        Kind("braintree-token", text("access_token$production${lower:16}${hex:32}")),
        Kind("shopify-token", text("shpat_{hex:32}")),
        Kind("sendgrid-key", text("SG.{url:22}.{url:43}")),
        Kind("mailgun-key", text("key-{hex:32}")),
        Kind("mailchimp-key", text("{hex:32}-us14")),
        Kind("brevo-key", text("xkeysib-{hex:64}-{alnum:16}")),
        Kind("resend-key", text("re_{alnum:8}_{alnum:24}")),
        Kind("twilio-key", text("SK{hex:32}")),
        Kind("twilio-key", text("{hex:32}"), "TWILIO_AUTH_TOKEN"),
        Kind("vault-token", text("hvs.{url:92}")),
        Kind("vault-token", text("hvb.{url:140}")),
        Kind("vault-legacy-token", text("s.{alnum:24}"), "VAULT_TOKEN"),
        Kind("hashicorp-acl-token", uuid, "CONSUL_HTTP_TOKEN"),
        Kind("hashicorp-acl-token", uuid, "nomad_token"),
        Kind("hashicorp-acl-token", uuid, "secret_id"),
        Kind("terraform-token", text("{alnum:14}.atlasv1.{url:67}")),
        Kind("consul-gossip-key", wireguard, "encrypt"),
        Kind("kubeconfig-client-key", in_base64(pem("EC PRIVATE KEY", 120)), "client-key-data"),
        Kind("k3s-token", text("K10{hex:64}::server:{hex:32}")),
        Kind("k3s-token", text("K10{hex:64}::node:{hex:32}")),
        Kind("bootstrap-token", text("{lower:6}.{lower:16}"), "token"),
        Kind("rancher-token", text("token-{lower:5}:{lower:54}")),
        Kind("openshift-token", text("sha256~{url:43}")),
        *[
            Kind("private-key", pem(label))
            for label in (
                "RSA PRIVATE KEY",
                "EC PRIVATE KEY",
                "DSA PRIVATE KEY",
                "PRIVATE KEY",
                "ENCRYPTED PRIVATE KEY",
                "OPENSSH PRIVATE KEY",
                "PGP PRIVATE KEY BLOCK",
                "ENCRYPTED COSIGN PRIVATE KEY",
                "ENCRYPTED SIGSTORE PRIVATE KEY",
            )
        ],
        Kind("private-key", encrypted_pem),
        Kind("private-key", one_line(pem("PRIVATE KEY"))),
        Kind("private-key", one_line(pem("RSA PRIVATE KEY"))),
        Kind("private-key", in_base64(pem("RSA PRIVATE KEY"))),
        Kind("private-key", in_base64(pem("PRIVATE KEY"))),
        Kind(
            "private-key",
            lambda random: json.dumps({"type": "service_account", "private_key": pem("PRIVATE KEY")(random)}),
        ),
        Kind("age-secret-key", text("AGE-SECRET-KEY-1{upper:58}")),
        Kind("wireguard-key", wireguard, "PrivateKey"),
        Kind("wireguard-key", wireguard, "presharedKey"),
        Kind("nkey-seed", text("SU{b32:56}"), "nats_seed"),
        Kind("jwk-private", lambda random: json.dumps({"kty": "EC", "crv": "P-256", "d": some(random, URLSAFE, 43)})),
        Kind("jwt", jwt),
        Kind("grafana-token", text("glsa_{alnum:32}_{hex:8}")),
        Kind("grafana-token", text("glc_{alnum:80}")),
        Kind("datadog-key", text("{hex:32}"), "DD_API_KEY"),
        Kind("datadog-key", text("{hex:40}"), "datadog_app_key"),
        Kind("newrelic-key", text("NRAK-{upper:27}")),
        Kind("newrelic-key", text("{hex:36}FFFFNRAL")),
        Kind("sentry-token", text("sntryu_{hex:64}")),
        Kind("dynatrace-token", text("dt0c01.{b32:24}.{b32:64}")),
        Kind("splunk-hec-token", uuid, "splunk_hec_token"),
        Kind("elastic-api-key", text("ApiKey {alnum:60}==")),
        Kind("influxdb-token", text("{url:86}=="), "INFLUX_TOKEN"),
        Kind("openai-key", text("sk-proj-{url:74}T3BlbkFJ{url:74}")),
        Kind("openai-key", text("sk-{alnum:20}T3BlbkFJ{alnum:20}")),
        Kind("anthropic-key", text("sk-ant-api03-{url:93}AA")),
        Kind("huggingface-token", text("hf_{letter:34}")),
        Kind("groq-key", text("gsk_{alnum:52}")),
        Kind("tailscale-key", text("tskey-auth-{alnum:17}-{alnum:32}")),
        Kind("tailscale-key", text("tskey-client-{alnum:12}-{alnum:32}")),
        Kind("snmp-community", text("lab{digit:4}ro{upper:4}"), "snmp_community"),
        Kind("ipsec-psk", text('192.0.2.1 203.0.113.7 : PSK "{alnum:24}"')),
        Kind("password-hash", text("admin:$apr1${alnum:8}${alnum:22}")),
        Kind("password-hash", text("admin:$2y$10${alnum:53}")),
        Kind("password-hash", text("$6$rounds=5000${alnum:16}${alnum:86}")),
        Kind("password-hash", text("$argon2id$v=19$m=65536,t=3,p=4${alnum:22}${alnum:43}")),
        Kind("password-hash", lambda random: "admin:{SHA}" + some(random, BASE64, 27) + "="),
        *[
            Kind("database-url", text(f"{scheme}://lab:{{alnum:16}}@db.lab.svc:5432/results"))
            for scheme in ("postgres", "postgresql", "mysql", "mongodb+srv", "redis", "amqp", "mqtt", "nats", "ldaps")
        ],
        Kind("url-password", text("https://deploy:{alnum:20}@git.labs.example/platform/fleet.git")),
        Kind("url-password", text("ftp://modality:{alnum:10}@pacs.lab.example/in")),
        Kind("url-token", text("https://api.labs.example/v1/export?format=csv&token={alnum:32}")),
        Kind("url-token", text("https://{alnum:32}@git.labs.example/platform/fleet.git")),
        Kind("basic-auth", lambda random: f"Authorization: Basic {basic(random)}"),
        Kind("bearer-token", text("Authorization: Bearer {alnum:40}")),
        Kind("command-user-password", text("curl -u deploy:{alnum:18} https://api.labs.example/")),
        Kind("ldap-bind-password", text("{alnum:14}"), "bindPassword"),
        Kind("ldap-bind-password", human, "LDAP_BIND_PW"),
        Kind("netrc-password", text("machine git.labs.example login deploy password {alnum:20}")),
        Kind("hl7-security", text("MSH|^~\\&|LAB|SPREE|HIS|CHARITE|20260101120000|{alnum:12}|ORU^R01|1|P|2.5")),
        Kind("orthanc-users", lambda random: json.dumps({"RegisteredUsers": {"modality": some(random, ALNUM, 14)}})),
        Kind("keystore-password", text("{alnum:12}"), "keystore.storepass"),
        Kind("keystore-password", text("-storepass {alnum:12}")),
        *[
            Kind("assigned-password", text(f"{{alnum:{10 + number % 7}}}"), key)
            for number, key in enumerate(
                (
                    "password",
                    "adminPassword",
                    "DB_PASSWORD",
                    "postgres-password",
                    "passwd",
                    "pwd",
                    "dbPwd",
                    "passphrase",
                    "smtp_pass",
                    "MQTT_PASSWORD",
                    "rootpw",
                    "wifi_psk",
                    "password_1",
                )
            )
        ],
        *[
            Kind("assigned-password", human, key)
            for key in ("password", "adminPassword", "GRAFANA_ADMIN_PASSWORD", "lis_password", "passwort")
        ],
        *[
            Kind("assigned-secret", text(f"{{alnum:{24 + number % 17}}}"), key)
            for number, key in enumerate(
                (
                    "token",
                    "apiKey",
                    "api_key",
                    "API_TOKEN",
                    "clientSecret",
                    "client_secret",
                    "secret",
                    "webhook-secret",
                    "auth_token",
                    "signingKey",
                    "ENCRYPTION_KEY",
                    "licenseKey",
                    "accessKey",
                    "oidcClientSecret",
                    "sharedKey",
                    "refresh_token",
                    "sessionSecret",
                    "credentials",
                )
            )
        ],
        Kind("assigned-secret", text("{hex:64}"), "cookie_secret"),
        Kind("assigned-secret", text("{b64:44}"), "secret"),
    ]


Place = Callable[[str, str], str]


def _block(text: str, indent: int) -> str:
    return "|\n" + textwrap.indent(text if text.endswith("\n") else text + "\n", " " * indent)


def _scalar(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: lab\n"


def in_config_map(key: str, secret: str) -> str:
    return f"{_HEAD}data:\n  region: eu\n  {key}: {_scalar(secret)}\n  other: value\n"


def in_plain_config_map(key: str, secret: str) -> str:
    """Unquoted where YAML lets it, a block where it has lines."""
    value = _block(secret, 4).rstrip("\n") if "\n" in secret else f"'{secret}'"
    return f"{_HEAD}data:\n  region: eu\n  {key}: {value}\n  other: value\n"


def in_file(key: str, secret: str) -> str:
    body = f"[upstream]\nhost = db.lab.svc\n{key} = {secret}\nretries = 3\n"
    return f"{_HEAD}data:\n  app.ini: {_block(body, 4)}"


def in_json_file(key: str, secret: str) -> str:
    body = json.dumps({"upstream": {"host": "db", key: secret}}, indent=2)
    return f"{_HEAD}data:\n  app.json: {_block(body, 4)}"


def in_env(key: str, secret: str) -> str:
    name = key.replace("-", "_").replace(".", "_")
    value = _scalar(secret)
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n"
        "  template:\n    spec:\n      containers:\n"
        f"        - name: app\n          env:\n            - name: {name}\n              value: {value}\n"
    )


def in_arguments(key: str, secret: str) -> str:
    option = f"--{key}={secret}"
    return f"spec:\n  containers:\n    - name: app\n      args:\n        - --verbose\n        - {_scalar(option)}\n"


def in_annotation(key: str, secret: str) -> str:
    head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: app\n  annotations:\n"
    return f"{head}    labs.example/{key}: {_scalar(secret)}\n"


def in_base64_file(key: str, secret: str) -> str:
    body = base64.b64encode(f"host: db\n{key}: {_scalar(secret)}\nretries: 3\n".encode()).decode()
    return f"{_HEAD}binaryData:\n  app.yaml: {body}\n"


def in_folded_base64(key: str, secret: str) -> str:
    body = base64.b64encode(f"host = db\n{key} = {secret}\nretries = 3\n".encode()).decode()
    return f"{_HEAD}data:\n  app.conf: {_block(chr(10).join(textwrap.wrap(body, 76)), 4)}"


def in_helm_values(key: str, secret: str) -> str:
    return (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: app\nspec:\n  values:\n"
        f"    persistence:\n      enabled: true\n    {key}: {_scalar(secret)}\n"
    )


PLACES: dict[str, Place] = {
    "ConfigMap": in_config_map,
    "ConfigMap, unquoted": in_plain_config_map,
    "file in a ConfigMap": in_file,
    "JSON in a ConfigMap": in_json_file,
    "env": in_env,
    "args": in_arguments,
    "annotation": in_annotation,
    "base64": in_base64_file,
    "folded base64": in_folded_base64,
    "Helm values": in_helm_values,
}


def plants(seed: int = 1) -> Iterator[Plant]:
    """Each kind in three places, which rotate from kind to kind so that each place sees all sorts."""
    random = Random(seed)
    names = list(PLACES)
    for number, kind in enumerate(kinds()):
        for turn in range(3):
            place = names[(number + turn * 3) % len(names)]
            secret = kind.make(random)
            content = PLACES[place](kind.key or "setting", secret)
            yield Plant(kind.rule, place, secret, content.encode())
