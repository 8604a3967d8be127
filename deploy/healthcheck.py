"""Health check of the web container: does it answer, and reach what it needs itself?

Workers, beat and dispatcher have checks of their own, so a missing worker does not make the web process unhealthy.
"""

import json
import os
import sys
import urllib.error
import urllib.request

NEEDED = ("database", "broker", "channel layer")


def main() -> None:
    host = os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")[0].strip().lstrip(".*") or "127.0.0.1"
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/health"
    request = urllib.request.Request(address, headers={"Host": host})
    try:
        answer = urllib.request.urlopen(request, timeout=8)  # noqa: S310 (the address is this container)
    except urllib.error.HTTPError as error:
        answer = error
    except OSError as error:
        sys.exit(f"The web process does not answer: {error}")
    parts = json.load(answer)["parts"]
    if wrong := [parts[name]["detail"] for name in NEEDED if not parts[name]["ok"]]:
        sys.exit(" ".join(wrong))


if __name__ == "__main__":
    main()
