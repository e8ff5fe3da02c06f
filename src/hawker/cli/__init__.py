"""The command line: `hawker VERB`, inside a shop's folder or with `-C FOLDER`."""

from hawker.cli.main import main

__all__ = ["main"]
