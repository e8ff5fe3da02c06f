"""The invented shops: their data files, and how products are composed from them."""

from __future__ import annotations
