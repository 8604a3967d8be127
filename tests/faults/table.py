"""Writes what a long run of the fault suite found into docs/reliability.md; `make faults` calls it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

BEGIN, END = "<!-- table: made by make faults -->", "<!-- end of table -->"
DOCUMENT = Path("docs/reliability.md")
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
HEAD = ("scenario", "database", "posts", "faults", "doubled", "lost", "stuck", "naive publisher", "seed", "seconds")


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, Python {sys.version_info.major}.{sys.version_info.minor}"


def lines(results: Path) -> list[str]:
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    rows.sort(key=lambda row: (int(row["scenario"].split()[0]), row["scenario"], row["database"], str(row["seed"])))
    cells = [
        (
            row["scenario"],
            DATABASES[row["database"]],
            *(f"{row[name]:,}" for name in ("posts", "faults", "doubled", "lost", "stuck")),
            row["naive"],
            row["seed"],
            f"{row['seconds']:.0f}",
        )
        for row in rows
    ]
    return [f"| {' | '.join(map(str, row))} |" for row in (HEAD, ["---"] * len(HEAD), *cells)]


def main() -> None:
    table = "\n".join(lines(Path(sys.argv[1])))
    said = f"Run on {time.strftime('%Y-%m-%d')}, {machine()}."
    before, _begin, rest = DOCUMENT.read_text().partition(BEGIN)
    _old, _end, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{said}\n\n{table}\n{END}{after}")
    print(f"{DOCUMENT} has the table.")


if __name__ == "__main__":
    main()
