import pytest

from tests.servers import openai_server


@pytest.fixture
def service():
    """A loopback service that speaks OpenAI's protocol; `service.will(...)` scripts what it does."""
    with openai_server.serve() as running:
        yield running
