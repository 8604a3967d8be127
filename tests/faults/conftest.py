from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.broker import Broker
from tests.faults.workers import Forker, Pool


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    forker = Forker()
    yield forker
    forker.close()


@pytest.fixture
def pool(forker: Forker) -> Iterator[Pool]:
    with Pool(forker) as pool:
        yield pool


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    # A socket's address must be short, and pytest's own folders are long.
    broker = Broker(tmp_path_factory.mktemp("b"))
    broker.start()
    yield broker
    broker.kill()
