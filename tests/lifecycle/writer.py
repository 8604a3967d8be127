"""A process that writes events from several threads: `python -m tests.lifecycle.writer <workspace> <name> <events>`.

Every seventh unit of work is rolled back, and every third holds two events.
"""

from __future__ import annotations

import sys
from threading import Thread

import django

django.setup()

from django.db import connection  # noqa: E402

from apps.common.transactions import unit_of_work  # noqa: E402
from apps.lifecycle.events import emit  # noqa: E402

THREADS = 4


class Undone(Exception):
    pass


def write(workspace: int, name: str, events: int) -> None:
    number, turn = 0, 0
    while number < events:
        turn += 1
        try:
            with unit_of_work():
                emit(workspace=workspace, type="test.written", subject=name, data={"number": number})
                if turn % 3 == 0:
                    emit(workspace=workspace, type="test.written", subject=name, data={"number": number + 1})
                if turn % 7 == 0:
                    raise Undone
        except Undone:
            continue
        number += 2 if turn % 3 == 0 else 1
    connection.close()


if __name__ == "__main__":
    workspace, name, events = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    threads = [Thread(target=write, args=(workspace, f"{name}{index}", events)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
