"""How fast a behaviour log is taken in, cleaning and de-duplication included, on one core.

    python -m benchmarks.ingest --json

It makes a synthetic log with a fixed seed (10 million rows as Parquet, 1.5 million of them as JSON
lines; one in 500 repeats an earlier event, one in 1,000 breaks a rule, one in 300 of the purchases
is a return) and runs each measurement in a process of its own, with one thread. Figures:

parquet_events_per_s, jsonl_events_per_s   rows read a second by `hawker.ingest.behaviour`, the
                                           whole call: hashing the file, cleaning, duplicates,
                                           findings, quarantine, the finished part in the log
pandas_ratio                               our seconds / pandas' seconds for the same rows, rules and
                                           result file (`--pandas-rows`, 2 million); below 1 we are faster
peak_rss_mb                                the most memory the Parquet run held
events, machine                            rows of the Parquet log; where it ran
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._answer import peak_mb

ROWS = 10_000_000
LINES = 1_500_000
PANDAS_ROWS = 2_000_000
NOW = 1_780_000_000_000_000


def make(target: Path, *, rows: int, form: str) -> None:
    """Write the synthetic log: everything follows from the row number, so it is the same anywhere."""
    import duckdb

    draw = "((i * 2654435761 + {salt} * 40503 + (i // 65536) * 97) % 4294967296)"

    def drawn(salt: int, most: int) -> str:
        return f"({draw.format(salt=salt)} // 7 % {most})"

    connection = duckdb.connect()
    connection.execute("SET threads = 1; SET memory_limit = '1GB'")
    source = f"""
        SELECT 'e' || lpad(CAST(i - CASE WHEN i % 500 = 499 THEN 50 ELSE 0 END AS VARCHAR), 9, '0')
                AS event_id,
            'u' || {drawn(1, 400_000)} AS user_id, 's' || (i // 6) AS session_id,
            'p' || {drawn(2, 60_000)} AS item_id,
            CASE {drawn(3, 20)} WHEN 0 THEN 'cart' WHEN 1 THEN 'buy' WHEN 2 THEN 'fav' ELSE 'pv' END AS event,
            CASE WHEN i % 1000 = 999 THEN 5 ELSE 1700000000000 + i * 3100 END AS timestamp,
            (100 + {drawn(4, 20_000)}) / 100.0 AS price,
            CASE WHEN {drawn(3, 20)} <> 1 THEN 1 WHEN i % 300 < 1 THEN -1 ELSE 1 + {drawn(5, 3)} END
                AS quantity,
            CASE {drawn(6, 3)} WHEN 0 THEN 'phone' WHEN 1 THEN 'web' ELSE 'app' END AS device
        FROM range({rows}) t(i)"""
    how = "FORMAT parquet" if form == "parquet" else "FORMAT json"
    connection.execute(f"COPY ({source}) TO '{target}' ({how})")


def ours(path: Path, folder: Path) -> dict[str, float]:
    """Ingest with Hawker into a fresh shop."""
    from hawker import Shop
    from hawker.ingest import behaviour

    shop = Shop.create(folder / "shop")
    started = time.perf_counter()
    result = behaviour(shop, path, threads=1, now=NOW)
    return {
        "seconds": time.perf_counter() - started,
        "events": result.events,
        "duplicates": result.duplicates,
        "set_aside": result.set_aside,
    }


def pandas(path: Path, folder: Path) -> dict[str, float]:
    """The same rules as idiomatic, vectorised pandas: read, clean, de-duplicate, find outliers, write."""
    try:
        import numpy as np
        import pandas as pd
    except ImportError:
        print("This needs pandas: pip install 'hawker[bench]'", file=sys.stderr)
        sys.exit(2)

    started = time.perf_counter()
    log = pd.read_parquet(path)
    words = {"pv": "view", "buy": "purchase", "fav": "wish", "cart": "cart"}
    log["kind"] = log["event"].str.strip().str.lower().map(words)
    log["time"] = pd.to_numeric(log["timestamp"], errors="coerce") * 1000
    for name in ("event_id", "user_id", "session_id", "item_id", "device"):
        log[name] = log[name].fillna("").str.strip()
    log["quantity"] = pd.to_numeric(log["quantity"], errors="coerce")
    returned = (log["kind"] == "purchase") & (log["quantity"] < 0)
    log.loc[returned, "kind"] = "return"
    log["quantity"] = log["quantity"].abs()
    log["value"] = (log["price"] * log["quantity"] * 1e6).round()
    faulty = (
        log["time"].isna()
        | (log["time"] < 946_684_800_000_000)
        | (log["time"] > NOW + 86_400_000_000)
        | log["kind"].isna()
        | (log["item_id"] == "")
        | (log["quantity"].isna() | (log["quantity"] == 0) | (log["quantity"] > 1e9))
        | (log["price"].isna() | (log["price"] < 0) | (log["value"] > 1e15))
        | (log["event_id"].str.len() > 128)
        | (log["user_id"].str.len() > 128)
        | (log["item_id"].str.len() > 128)
    )
    aside = log[faulty]
    aside.to_json(folder / "aside.jsonl", orient="records", lines=True)
    kept = log[~faulty].drop_duplicates("event_id")
    ordered = kept[kept["kind"] == "view"].sort_values(["user_id", "item_id", "time"])
    same = (ordered["user_id"] == ordered["user_id"].shift()) & (
        ordered["item_id"] == ordered["item_id"].shift()
    )
    near = int((same & (ordered["time"].diff() <= 2_000_000)).sum())
    bought = kept[kept["kind"].isin(["purchase", "return", "cart"])]
    far = 0
    for name in ("quantity", "value"):
        x = np.log(bought[name].where(bought[name] > 0))
        groups = x.groupby(bought["item_id"])
        centre = groups.transform("median")
        spread = (x - centre).abs().groupby(bought["item_id"]).transform("median") * 1.4826
        far += int(((x - centre).abs() > 6 * spread.clip(lower=0.35)).sum())
    columns = ["event_id", "kind", "time", "user_id", "session_id", "item_id", "quantity", "value", "device"]
    kept[columns].to_parquet(folder / "kept.parquet", index=False)
    return {
        "seconds": time.perf_counter() - started,
        "events": len(kept),
        "duplicates": len(log) - len(aside) - len(kept),
        "set_aside": len(aside),
        "noted": near + far,
    }


def measured(what: str, path: Path, folder: Path) -> dict[str, Any]:
    """One measurement in a process of its own, with its peak memory."""
    folder.mkdir()
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "benchmarks.ingest", "--only", what, str(path), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, **limits}, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    figures: dict[str, Any] = json.loads(done.stdout)
    print(f"{what} {path.name}: {figures}", file=sys.stderr)
    return figures


def once(what: str, path: Path, folder: Path) -> None:
    """The inside of `measured`: one core, then the figures on stdout."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    figures: dict[str, Any] = {"ours": ours, "pandas": pandas}[what](path, folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures["cpu_seconds"] = usage.ru_utime + usage.ru_stime
    figures["rss_mb"] = peak_mb()
    print(json.dumps(figures))


def run(*, rows: int, lines: int, pandas_rows: int) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory(prefix="hawker-ingest-") as name:
        folder = Path(name)
        parquet, jsonl, small = folder / "log.parquet", folder / "log.jsonl", folder / "small.parquet"
        for path, count, form in (
            (parquet, rows, "parquet"),
            (jsonl, lines, "json"),
            (small, pandas_rows, "parquet"),
        ):
            print(f"making {path.name}: {count:,} rows", file=sys.stderr)
            make(path, rows=count, form=form)
        big = measured("ours", parquet, folder / "a")
        text = measured("ours", jsonl, folder / "b")
        few = measured("ours", small, folder / "c")
        theirs = measured("pandas", small, folder / "d")
        for count in ("events", "duplicates", "set_aside"):
            if few[count] != theirs[count]:
                print(f"pandas found {theirs[count]} {count}, Hawker {few[count]}", file=sys.stderr)
                sys.exit(1)
    return {
        "parquet_events_per_s": round(rows / big["seconds"]),
        "jsonl_events_per_s": round(lines / text["seconds"]),
        "pandas_ratio": round(few["seconds"] / theirs["seconds"], 3),
        "peak_rss_mb": round(big["rss_mb"]),
        "events": rows,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--pandas-rows", type=int, default=PANDAS_ROWS)
    parser.add_argument("--only", nargs=3, metavar=("WHAT", "PATH", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        what, path, folder = options.only
        once(what, Path(path), Path(folder))
        return
    figures = run(rows=options.rows, lines=options.lines, pandas_rows=options.pandas_rows)
    print(json.dumps(figures) if options.json else "\n".join(f"{k:<24}{v}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
