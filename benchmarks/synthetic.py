"""The template of the generated fleet: realistic documents, in a number and size that can be chosen.

In: how many files, how large, and which shares of them differ from site to site. Out: files of a template in Copier's
format, by path. Never: depends on the machine, the time or chance: the same shape gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import count, cycle, islice
from typing import TYPE_CHECKING

from benchmarks import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a source line becomes when it is rendered is longer or shorter than the line; these were measured once.
_MACRO_GROWS, _SHARED_SHRINKS, _SITE_GROWS = 88, 100, 60
# The shares of performance.md: of a site's files, and of their bytes, that are the site's alone.
FILE_SHARE, BYTE_SHARE = 0.30, 0.20
_HEAD = "{% from 'partials/labels.jinja' import labels %}\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a site's output is made up: `site_files` and `site_bytes` are the shares that belong to one site alone."""

    files: int = 27
    size: int = 65_000
    site_files: float = FILE_SHARE
    site_bytes: float = BYTE_SHARE

    @property
    def own_files(self) -> int:
        """How many files have something of the site in them."""
        return round(self.files * self.site_files)


_NAMES = (
    *("router", "metrics", "logs", "traces", "mirror", "backup", "secrets", "policy", "dns", "ntp", "registry"),
    *("cache", "gateway", "lims", "orders", "results", "storage", "updater", "inventory", "audit", "printing"),
    *("alarms", "vpn", "health", "certs", "ingress", "loadbalancer"),
)
_KINDS = ("Deployment", "DaemonSet", "StatefulSet")


def template_files(shape: Shape) -> dict[str, str]:
    """Path -> text of every file of the template, copier.yml included."""
    names = [_NAMES[index] if index < len(_NAMES) else f"part-{index}" for index in range(shape.files)]
    shared, own = names[: shape.files - shape.own_files], names[shape.files - shape.own_files :]
    files = {"copier.yml": documents.CONFIG, "partials/labels.jinja": documents.LABELS}
    for number, name in enumerate(shared):
        size = int(shape.size * (1 - shape.site_bytes) / len(shared)) + _SHARED_SHRINKS
        files[_path(name)] = _shared_file(name, number, size)
    for number, name in enumerate(own):
        size = int(shape.size * shape.site_bytes / len(own)) - _SITE_GROWS
        files[_path(name)] = _own_file(name, number, size)
    return files


def _path(name: str) -> str:
    return f"template/platform/{name}/{name}.yaml.jinja"


def _shared_file(name: str, number: int, size: int) -> str:
    """Four documents, the workload as long as it takes to come near `size`."""
    workload = documents.WORKLOAD.replace("@kind@", _KINDS[number % len(_KINDS)])
    if "StatefulSet" in workload:
        workload = workload.replace("spec:\n  selector:", f"spec:\n  serviceName: {name}\n  selector:", 1)
    texts = [documents.ACCOUNT, workload, documents.SERVICE, documents.EXTRAS[number % len(documents.EXTRAS)]]
    return _file(texts, 1, documents.SETTING, name, number, size)


def _own_file(name: str, number: int, size: int) -> str:
    """Three documents that say something of the site."""
    first, second = islice(cycle(documents.SITE_EXTRAS), number, number + 2)
    return _file([documents.FACTS, first, second], 0, documents.FACT, name, number, size)


def _file(parts: list[str], padded: int, line: str, name: str, number: int, size: int) -> str:
    texts = [_named(text, name, number) for text in parts]
    line = _named(line, name, number)
    missing = size - sum(map(_weight, texts))
    texts[padded] += "".join(islice(_lines(line), max(0, round(missing / _weight(line % (0, _word("", 0)))))))
    return _HEAD + "---\n".join(texts)


def _lines(line: str) -> Iterator[str]:
    for index in count():
        yield line % (index, _word(line, index))


def _word(line: str, index: int) -> str:
    """Something that compresses no better than what people write: repeated lines would flatter the compressor."""
    return sha256(f"{line}{index}".encode()).hexdigest()[: 14 + index % 5]


def _named(text: str, name: str, number: int) -> str:
    upper = name.upper().replace("-", "_")
    known = {"name": name, "upper": upper, "number": str(number), "digest": sha256(name.encode()).hexdigest()}
    for mark, value in known.items():
        text = text.replace(f"@{mark}@", value)
    return text


def _weight(text: str) -> int:
    """About how many bytes `text` renders to."""
    return len(text) + _MACRO_GROWS * text.count("labels(")
