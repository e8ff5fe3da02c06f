"""Named arrays in one file, whole or not at all; what cannot be read back says so."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import Corrupt
from hawker.storage import files


def save(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays to a file (NumPy's .npz, whose parts carry checksums)."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    files.write(path, buffer.getvalue())


def load(path: Path, *, remedy: str) -> dict[str, NDArray[Any]]:
    """Read them back; raises `Corrupt` with the given remedy where the file is torn or changed."""
    try:
        with np.load(io.BytesIO(path.read_bytes())) as held:
            return dict(held)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise Corrupt(f"'{path.name}' cannot be read: {error}.", remedy=remedy) from error
