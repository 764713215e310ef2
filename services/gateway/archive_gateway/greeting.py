"""What the supervisor says to the person who started it."""

from pathlib import Path

from archive_gateway.preparation import USERNAME


def starting(data: Path) -> str:
    return f"Starting the archive platform on {data} ..."


def first_administrator(token: str) -> str:
    return (
        f'\nThe first administrator is "{USERNAME}". This token signs in, on the page and in the API;\n'
        f"it is shown only now:\n\n    {token}\n"
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
