"""Commands around a cluster's trust: `keygen`, `bootstrap`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from renderer.cli import options, session


@click.command(
    short_help="Make a signing key pair.",
    epilog=options.example("fleetpress keygen keys/labs", "FLEETPRESS_KEY_PASSWORD=… fleetpress keygen keys/labs"),
)
@click.argument("prefix", type=click.Path(path_type=Path))
def keygen(prefix: Path) -> None:
    """Make a signing key: PREFIX.key (private) and PREFIX.pub.

    With FLEETPRESS_KEY_PASSWORD or COSIGN_PASSWORD set, the private key is encrypted as cosign does it. Existing files
    are never overwritten. Use the key for nothing but this fleet: whatever it signs counts as released.
    """
    from renderer.sign import generate_key

    password = os.environ.get("FLEETPRESS_KEY_PASSWORD", os.environ.get("COSIGN_PASSWORD"))
    private, public = generate_key(prefix, password.encode() if password else None)
    click.echo(f"{private}  private{'' if password else ', not encrypted'}; keep it where only the CI job can read it")
    click.echo(f"{public}  public; clusters get it from `fleetpress bootstrap`")


@click.command(
    short_help="Print what a site's cluster needs once.",
    epilog=options.example(
        "fleetpress bootstrap berlin-spreelab-01 --to fleet --key keys/labs.pub | kubectl apply -f -"
    ),
)
@options.site
@options.fleet
@options.to
@click.option(
    "--key",
    envvar="FLEETPRESS_PUBLIC_KEY",
    show_envvar=True,
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Public key that the cluster will trust.",
)
@options.plain_http
def bootstrap(site: str, fleet: Path | None, to: str, key: Path, plain_http: bool) -> None:
    """Print what SITE's cluster needs once: OCIRepository with verification, Kustomization, key secret.

    Where sites share bases, there is a Kustomization for the base, for the site's part, and for the way to the base.
    """
    from renderer.fleet.queries import bootstrap_site

    space = session.open_workspace(fleet)
    (public_key,) = session.open_public_keys([key])
    click.echo(bootstrap_site(space, site, to, public_key.public_key_pem, insecure=plain_http), nl=False)
