"""What others say about the health of sites, and who approved what.

In: fleet.yaml's feed, approvals.yaml. Out: values for the gates. Never: believes what it cannot read: an entry that is
not as it should be says nothing, and a feed that is not is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from renderer import strict_yaml, validate
from renderer.errors import Code, ConfigurationError, EnvironmentFailure
from renderer.rollout import Health
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import Fleet, HealthFeed, TemplatePin

APPROVALS = "approvals.yaml"
_BYTES = 64 << 20

# (https address, most bytes) -> body; raises PublishError.
Fetch = Callable[[str, int], bytes]


def approved_by(fleet: Fleet, pin: TemplatePin, ring: str) -> frozenset[str]:
    """Who approved a version for a ring; nobody when there is no file. Raises ConfigurationError with all problems."""
    path = fleet.root / APPROVALS
    name = path.relative_to(fleet.repository).as_posix()
    try:
        document = strict_yaml.load(path.read_bytes(), name)
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise _failure(name, error.strerror or type(error).__name__) from None
    if problems := validate.check_input("approvals", document):
        raise ConfigurationError(f"{name} cannot be used", problems=problems)
    wanted = {"template": pin.name, "version": pin.version, "ring": ring}
    entries: Any = document.value
    return frozenset(entry["by"] for entry in entries if {key: entry[key] for key in wanted} == wanted)


def read_health(fleet: Fleet, feed: HealthFeed, fetch: Fetch) -> Mapping[str, Health]:
    """What the feed says of each site. Raises EnvironmentFailure, or what `fetch` raises."""
    if feed.source.startswith("https://"):
        content = fetch(feed.source, _BYTES)
    else:
        try:
            content = (fleet.root / feed.source).read_bytes()
        except OSError as error:
            raise _failure(feed.source, error.strerror or type(error).__name__) from None
    try:
        sites = json.loads(content)["sites"].items()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _failure(feed.source, 'expected JSON like {"sites": {"SITE": {"healthy": true, "time": …}}}') from None
    return dict(_said(sites))


def _said(sites: Any) -> Iterator[tuple[str, Health]]:
    for site, entry in sites:
        if isinstance(entry, dict) and isinstance(entry.get("healthy"), bool):
            serial = entry.get("serial")
            number = serial if isinstance(serial, int) and not isinstance(serial, bool) else None
            yield site, Health(entry["healthy"], moment(entry.get("time")), number)


def moment(text: object) -> datetime | None:
    """An RFC 3339 time with an offset, in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None


def _failure(source: str, why: str) -> EnvironmentFailure:
    what = f"{source} cannot be read: {why}"
    problem = Problem(
        Code.HEALTH_UNREADABLE, what, Origin(source) if "://" not in source else None, "correct the source"
    )
    return EnvironmentFailure(what, problems=[problem])
