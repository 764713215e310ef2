"""What the supervisor says to the person who started it."""

from pathlib import Path

from archive_gateway.preparation import USERNAME, FirstAdministrator


def starting(data: Path) -> str:
    return f"Starting the archive platform on {data} ..."


def first_administrator(administrator: FirstAdministrator) -> str:
    return (
        f'\nThe first administrator is "{USERNAME}". This password signs in on the page, the token in the API\n'
        f"as well; they are shown only now:\n\n    password  {administrator.password}\n"
        f"    token     {administrator.token}\n"
    )


def ready(address: str, data: Path, *, seconds: float, certificate: Path | None) -> str:
    lines = [
        f"\nReady after {seconds:.1f} s.",
        f"  page         {address}/",
        f"  API          {address}/api/v1/",
        f"  data         {data}",
    ]
    if certificate is not None:
        lines.append(f"  certificate  {certificate}  (curl --cacert, SSL_CERT_FILE)")
    return "\n".join([*lines, "Ctrl-C stops everything.\n"])
