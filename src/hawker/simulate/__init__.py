"""Invented shops with a known truth: what is simulated here is always marked `synthetic`."""

from __future__ import annotations
