"""One shop is one folder: `Shop` says where everything lies and reads its settings, nothing more."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Struct

from hawker.errors import BadSetting, NoShop, NotFound, nearest
from hawker.records.answers import AnswerRules
from hawker.records.attribution import Windows
from hawker.records.audience import Audiences
from hawker.records.brand import Brand
from hawker.records.catalogue import Product
from hawker.records.exchange import Exchange
from hawker.records.key import Rates
from hawker.records.placement import Page, Placement
from hawker.records.search import SearchRules
from hawker.records.shelf import ShelfRules
from hawker.records.traffic import Limits
from hawker.records.writing import WriterRules
from hawker.storage import files

SETTINGS = "shop.toml"
FORMAT = 1


class Pseudonyms(StrEnum):
    """Whether shopper ids are kept as the shop gives them, or replaced by keyed digests on arrival."""

    GIVEN = "given"
    KEYED = "keyed"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What `shop.toml` may hold. `exploration` is the ε of ε-greedy; `tolerance_ms` the waiting

    time for events that arrive out of order; `outcome` what the ranker predicts given exposure;
    `clock` (an ISO time) lets a demo shop live in the time of its data: serving begins there.
    """

    name: str = "shop"
    language: str = "en"
    currency: str = "USD"
    utc_offset_minutes: int = 0
    day_starts_at_minutes: int = 0
    exploration: float = 0.05
    candidates: int = 300
    nearest: int = 0
    pacing: bool = True
    learn_floors: bool = False
    tolerance_ms: int = 0
    outcome: str = "purchase"
    encoder: str = "auto"
    clock: str = ""
    database: str = ""
    state: str = ""
    special_categories: tuple[str, ...] = ()
    pseudonyms: Pseudonyms = Pseudonyms.GIVEN
    event_days: int = 0
    record_days: int = 0
    quarantine_days: int = 0
    retire_models_days: int = 90
    seal: bool = False
    format: int = FORMAT
    placements: tuple[Placement, ...] = (
        Placement(name="home", page=Page.HOME, slots=6),
        Placement(name="search", page=Page.SEARCH, slots=3),
        Placement(name="product", page=Page.PRODUCT, slots=3),
    )
    attribution: Windows = Windows()
    traffic: Limits = Limits()
    rates: Rates = Rates()
    audiences: Audiences = Audiences()
    openrtb: Exchange = Exchange()
    search: SearchRules = SearchRules()
    recommend: ShelfRules = ShelfRules()
    answers: AnswerRules = AnswerRules()
    brand: Brand = Brand()
    writer: WriterRules = WriterRules()


class Shop:
    """Locates one shop. `Shop(folder)` opens it; `Shop.create(folder)` makes a new one.

    Raises `NoShop` where the folder holds no `shop.toml`, `BadSetting` where that file is wrong.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / SETTINGS).is_file():
            raise NoShop(
                f"'{self.folder}' is not a shop: it holds no {SETTINGS}.",
                remedy="Make one with: hawker -C FOLDER init, or try hawker demo.",
            )

    @classmethod
    def create(cls, folder: str | Path, settings: Settings | None = None) -> Shop:
        """Make the folder and its settings file; an existing shop is opened as it is."""
        target = Path(folder) / SETTINGS
        if not target.is_file():
            files.write(target, msgspec.toml.encode(settings or Settings()))
        return cls(folder)

    @cached_property
    def settings(self) -> Settings:
        """The settings, each with a working default; an unknown key names the nearest."""
        text = (self.folder / SETTINGS).read_text("utf-8")
        try:
            found = msgspec.convert(tomllib.loads(text), Settings)
        except tomllib.TOMLDecodeError as error:
            raise BadSetting(f"{self.folder / SETTINGS} is not TOML: {error}.") from error
        except msgspec.ValidationError as error:
            unknown = str(error).partition("`")[2].partition("`")[0]
            hint = nearest(unknown, list(Settings.__struct_fields__)) if "unknown" in str(error) else ""
            raise BadSetting(f"{self.folder / SETTINGS}: {error}.", remedy=hint) from error
        if found.format > FORMAT:
            raise BadSetting(
                f"'{self.folder}' has the format {found.format}; this Hawker knows formats up to {FORMAT}.",
                remedy="Serve it with the newer Hawker that wrote it.",
            )
        return found

    def placement(self, name: str) -> Placement:
        """The placement of that name; raises `NotFound` naming the nearest."""
        for placement in self.settings.placements:
            if placement.name == name:
                return placement
        known = [placement.name for placement in self.settings.placements]
        raise NotFound(f"There is no placement '{name[:80]}'.", remedy=nearest(name, known))

    @cached_property
    def catalogue(self) -> Mapping[str, Product]:
        """Products by id, read on demand from the catalogue table."""
        return Catalogue(self.table("catalogue"))

    def table(self, name: str) -> Path:
        """Where the Parquet table of that name lies (it may not exist yet)."""
        return self.folder / "tables" / f"{name}.parquet"

    @property
    def events(self) -> Path:
        """The folder of the event log."""
        return self.folder / "events"

    @property
    def quarantine(self) -> Path:
        """The folder of what was set aside, with reasons."""
        return self.folder / "quarantine"

    @property
    def decisions(self) -> Path:
        """The folder of decision records."""
        return self.folder / "decisions"

    @property
    def models(self) -> Path:
        """The folder of trained models."""
        return self.folder / "models"

    @property
    def vectors(self) -> Path:
        """The folder of texts' vectors, and of the products' that serve."""
        return self.folder / "vectors"

    @property
    def state(self) -> Path:
        """The folder of fold snapshots."""
        return self.folder / "state"

    @property
    def reports(self) -> Path:
        """The folder of reports and cards."""
        return self.folder / "reports"

    @property
    def ledger(self) -> Path | str:
        """The ledger's database: a file, or the URL of `database`."""
        return self.database or self.folder / "ledger.db"

    @property
    def control(self) -> Path | str:
        """The database of campaigns, ads and creatives: a file, or the URL of `database`."""
        return self.database or self.folder / "control.db"

    @property
    def database(self) -> str:
        """The URL of a database server, from HAWKER_DATABASE or the settings; '' is files in the folder."""
        return os.environ.get("HAWKER_DATABASE") or self.settings.database

    @property
    def shared(self) -> str:
        """The URL of the Redis that processes share, from HAWKER_STATE or the settings; '' is none."""
        return os.environ.get("HAWKER_STATE") or self.settings.state


class Catalogue(Mapping[str, Product]):
    """A read-only view of the catalogue table, loaded once at first use."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _products(self) -> dict[str, Product]:
        from hawker.storage.tables import products

        return {product.id: product for product in products(self._path)}

    def __getitem__(self, key: str) -> Product:
        return self._products[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._products)

    def __len__(self) -> int:
        return len(self._products)
