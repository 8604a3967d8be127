"""Writes `.env.example` and the README's table from the declared variables: `python -m config.envdoc`."""

from __future__ import annotations

import re

from config.env import BASE_DIR, VARIABLES


def example() -> str:
    head = "# Every variable, with its default. Copy to .env and change. NAME_FILE reads a value from a file.\n"
    return head + "".join(f"\n# {each.help}\n# {each.name}={each.default}\n" for each in VARIABLES.values())


def table() -> str:
    rows = [
        f"| `{each.name}` | {f'`{each.default}`' if each.default else ''} | {each.help} |"
        for each in VARIABLES.values()
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])


def main() -> None:
    (BASE_DIR / ".env.example").write_text(example())
    readme = BASE_DIR / "README.md"
    marked = re.compile(r"(<!-- variables -->\n).*?(\n<!-- /variables -->)", re.DOTALL)
    readme.write_text(marked.sub(lambda match: match[1] + table() + match[2], readme.read_text()))


if __name__ == "__main__":
    main()
