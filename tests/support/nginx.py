"""nginx with the configuration of the containers, started for tests on free ports."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.compose import ROOT
from tests.support.processes import free_port, is_listening, running_process
from tests.support.servers import installed

TEMPLATE = ROOT / "deploy/gateway/nginx.conf.template"
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


@contextmanager
def running_nginx(folder: Path, addresses: Mapping[str, str], *, port: int | None = None) -> Iterator[str]:
    """Serve the template with `addresses` for its variables; gives scheme, host and port."""
    port = port or free_port()
    variables = {
        "GATEWAY_PORT": str(port),
        "GATEWAY_TRUSTS": "unix:",
        "NGINX_LOCAL_RESOLVERS": "127.0.0.1",
        **addresses,
    }
    folder.mkdir(exist_ok=True)
    text = re.sub(r"\$\{(\w+)\}", lambda match: variables[match[1]], TEMPLATE.read_text())
    (folder / "default.conf").write_text(text)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user="user root;"))
    program = installed("nginx")["program"]
    log = folder / "nginx.log"
    with running_process(
        [program, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"], log_path=log
    ) as process:
        process.wait_until_ready(lambda: is_listening(port), timeout_s=20)
        yield f"http://127.0.0.1:{port}"
