from __future__ import annotations

from collections.abc import Iterator

import pytest

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
