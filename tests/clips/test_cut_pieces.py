"""A piece whose connection breaks is carried out with what came of it."""

from __future__ import annotations

from queue import Queue
from types import SimpleNamespace

import pytest
from daphne.http_protocol import HTTPFactory
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

import config.asgi  # noqa: F401  what a web server loads

UPLOAD = "/api/v1/clips/uploads/c6038d26-8947-45f3-a987-d1c3dd81a785"


@pytest.mark.parametrize(
    ("line", "sent", "carried_out"),
    [
        (f"PATCH {UPLOAD}", b"half", [{"type": "http.request", "body": b"half", "more_body": False}]),
        (f"PATCH {UPLOAD}", b"", []),
        ("PATCH /api/v1/accounts/3", b"half", []),
        (f"POST {UPLOAD}", b"half", []),
    ],
)
def test_of_what_is_cut_off_only_a_piece_of_an_upload_is_carried_out(line, sent, carried_out):
    inbox: Queue = Queue()
    server = SimpleNamespace(
        root_path="",
        request_buffer_size=8192,
        proxy_forwarded_address_header=None,
        protocol_connected=lambda request: None,
        protocol_disconnected=lambda request: None,
        create_application=lambda request, scope: inbox,
    )
    channel = HTTPFactory(server).buildProtocol(IPv4Address("TCP", "127.0.0.1", 40000))
    channel.makeConnection(StringTransport())
    channel.dataReceived(f"{line} HTTP/1.1\r\nHost: desk\r\nContent-Length: 1000000\r\n\r\n".encode() + sent)
    channel.connectionLost(Failure(ConnectionLost()))
    assert list(inbox.queue) == carried_out
