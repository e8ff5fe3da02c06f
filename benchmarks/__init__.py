"""One program for every claim: `python -m benchmarks.NAME --json`."""
