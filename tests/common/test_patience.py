from __future__ import annotations

from types import SimpleNamespace

import pytest

from apps.common import patience
from apps.common.patience import Patience


@pytest.mark.parametrize(("waited", "rests"), [(2.0, True), (0.0, False)])
def test_who_kept_somebody_waiting_is_left_alone_for_a_while_and_who_refused_at_once_is_not(monkeypatch, waited, rests):
    clock = [100.0]
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    broker = Patience()

    @broker.asked()
    def ask() -> None:
        clock[0] += waited
        raise TimeoutError

    with pytest.raises(TimeoutError):
        ask()
    assert broker.is_resting is rests
    clock[0] += 6
    assert not broker.is_resting
