"""Benchmarks: `make bench-*`, each beside a peer in the same run; results of the last full runs are in docs/benchmarks.md."""
