from tests.content.conftest import call

__all__ = ["call"]
