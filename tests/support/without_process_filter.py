"""Makes a nursery that imports it one on a machine without seccomp filters: its children may start processes."""

from ingest_worker.adapters import child

vars(child)["give_up_processes"] = lambda: False
