"""Vectors on disk: each text's once per encoder, and the products' that serve, switched in one step.

vectors/<encoder>/<passages|queries>/part-<digest>.npz   what an encoder made of texts, a part at a time
vectors/products.npz                                      the products' vectors that serve, and their space
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import BadReply, Corrupt
from hawker.records.finding import Finding
from hawker.storage import files, snapshot
from hawker.storage.shop import Shop

Vectors = NDArray[np.float32]
Side = Literal["passages", "queries"]
SIZE = 64
_DIGEST = 16
_AGAIN = "Delete it and run: hawker train"


class Kept:
    """What one encoder made of texts: kept by the text's digest, as float16, in parts that are never changed.

    A part is there whole or not at all, so what a killed run had finished is found again; two runs at a
    time at worst keep a text twice.
    """

    def __init__(self, shop: Shop, name: str, *, side: Side = "passages") -> None:
        self.folder = shop.vectors / re.sub(r"[^\w.-]", "_", name) / side
        self._places: dict[bytes, tuple[int, int]] = {}
        self._parts: list[NDArray[np.float16]] = []
        for path in sorted(self.folder.glob("part-*.npz")):
            held = snapshot.load(path, remedy=_AGAIN)
            self._take(held["digests"], held["vectors"])

    def __len__(self) -> int:
        return len(self._places)

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The texts not yet kept, each once, in their order."""
        return [text for text in dict.fromkeys(texts) if _digest(text) not in self._places]

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors of distinct texts as one part."""
        digests = np.frombuffer(b"".join(map(_digest, texts)), dtype=np.uint8).reshape(-1, _DIGEST)
        half = vectors.astype(np.float16)
        if self._parts and self._parts[0].shape[1] != half.shape[1]:
            raise BadReply(
                f"'{self.folder.parent.name}' makes vectors of {half.shape[1]} numbers now, and made "
                f"{self._parts[0].shape[1]} before.",
                remedy="Give each model its own name.",
            )
        serial = hashlib.md5(digests.tobytes(), usedforsecurity=False).hexdigest()[:12]
        snapshot.save(self.folder / f"part-{serial}.npz", {"digests": digests, "vectors": half})
        self._take(digests, half)

    def read(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, zeros for those not kept: (texts, size)."""
        size = self._parts[0].shape[1] if self._parts else 0
        out = np.zeros((len(texts), size), dtype=np.float32)
        for row, text in enumerate(texts):
            if held := self._places.get(_digest(text)):
                out[row] = self._parts[held[0]][held[1]]
        return out

    def _take(self, digests: NDArray[np.uint8], vectors: NDArray[np.float16]) -> None:
        part = len(self._parts)
        self._parts.append(vectors)
        for row, digest in enumerate(digests):
            self._places.setdefault(digest.tobytes(), (part, row))


@dataclass(frozen=True)
class Space:
    """The 64 dimensions in which a shop's texts differ most: vectors less their mean, turned.

    What people ask for has a mean of its own: short texts, and those an encoder is told to read as queries,
    lie elsewhere than passages do. `name` is the encoder's name and a digest of all three: what two spaces
    hold never mixes.
    """

    name: str
    encoder: str
    mean: NDArray[np.float64]  # (size,), of passages
    asked_mean: NDArray[np.float64]  # (size,), of queries
    basis: NDArray[np.float64]  # (size, 64)

    def project(self, vectors: Vectors) -> Vectors:
        """Passages' vectors, (n, size) → (n, 64) of unit length; zeros stay zeros."""
        return self._turned(vectors, self.mean)

    def asked(self, vectors: Vectors) -> Vectors:
        """Queries' vectors, (n, size) → (n, 64) of unit length; zeros stay zeros."""
        return self._turned(vectors, self.asked_mean)

    def _turned(self, vectors: Vectors, mean: NDArray[np.float64]) -> Vectors:
        dense = (vectors - mean) @ self.basis
        dense[~vectors.any(axis=1)] = 0.0
        length = np.sqrt((dense * dense).sum(axis=1, keepdims=True))
        unit: Vectors = (dense / np.where(length > 1e-9, length, 1.0)).astype(np.float32)
        return unit


class About(Struct, frozen=True):
    """How the products' vectors came about; `findings` says why where it was not the encoder asked for."""

    name: str
    encoder: str
    asked: str = ""
    texts: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ProductVectors:
    """The products' vectors that serve: float32 (products, 64), of unit length, zeros where unknown."""

    ids: tuple[str, ...]
    matrix: Vectors
    space: Space
    about: About

    @property
    def name(self) -> str:
        """The space's name: encoder and projection. A fold over these vectors carries it."""
        return self.space.name

    @cached_property
    def places(self) -> dict[str, int]:
        """The row of each product id."""
        return {product: row for row, product in enumerate(self.ids)}

    def of(self, products: Sequence[str]) -> Vectors:
        """The vectors of products by id, zeros where one is not known: (products, 64)."""
        out = np.zeros((len(products), self.matrix.shape[1]), dtype=np.float32)
        rows = np.array([self.places.get(product, -1) for product in products], dtype=np.int64)
        out[rows >= 0] = self.matrix[rows[rows >= 0]]
        return out


def place(shop: Shop) -> Path:
    """Where the products' vectors lie."""
    return shop.vectors / "products.npz"


def products(shop: Shop) -> ProductVectors | None:
    """The products' vectors that serve; None before the first. Raises `Corrupt` where they cannot be read."""
    if not place(shop).is_file():
        return None
    held = snapshot.load(place(shop), remedy=_AGAIN)
    try:
        about = msgspec.json.decode(held["about"].tobytes(), type=About)
        space = Space(about.name, about.encoder, held["mean"], held["asked_mean"], held["basis"])
        ids = tuple(held["ids"].tobytes().decode().split("\n")) if held["ids"].size else ()
        return ProductVectors(ids, held["matrix"], space, about)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Corrupt(f"'{place(shop)}' cannot be read: {error}.", remedy=_AGAIN) from error


def switch(shop: Shop, made: ProductVectors) -> None:
    """Let these vectors serve from now on: one file, replaced in one step."""
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(msgspec.json.encode(made.about), dtype=np.uint8),
        "ids": np.frombuffer("\n".join(made.ids).encode(), dtype=np.uint8),
        "matrix": made.matrix,
        "mean": made.space.mean,
        "asked_mean": made.space.asked_mean,
        "basis": made.space.basis,
    }
    files.sweep(shop.vectors)
    snapshot.save(place(shop), arrays)


def _digest(text: str) -> bytes:
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).digest()
