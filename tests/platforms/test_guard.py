"""Clients for servers that people named, both kinds, against servers on this machine."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.common.errors import AdapterError
from apps.platforms import guard
from apps.platforms.base import PlatformConfig

LATE = (httpx.TimeoutException, requests.Timeout, requests.ConnectionError)
BROKEN = (httpx.TransportError, requests.ConnectionError)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("User-Agent")))
        if self.path.startswith("/to/"):
            return self._answer(b"", 302, self.path.removeprefix("/to/"))
        if self.path == "/trickle":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)
            return None
        return self._answer(b"hello", 200)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])), 200)

    def _answer(self, body: bytes, status: int, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with suppress(OSError):  # the client hangs up, as these tests want it to
            super().handle()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        running.seen = []
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def _httpx(*private: str, timeout: float = 5) -> httpx.Client:
    config = PlatformConfig(private_hosts=frozenset(private))
    return guard.guarded_httpx_client(config, timeout, follow_redirects=True)


def _requests(*private: str, timeout: float = 5) -> requests.Session:
    return guard.guarded_requests_session(PlatformConfig(private_hosts=frozenset(private)), timeout)


@pytest.fixture(params=[_httpx, _requests])
def guarded(request) -> Iterator[Callable]:
    """guarded("127.0.0.1", timeout=1) is a client that may reach that private host."""
    made = []

    def make(*private: str, **options):
        made.append(request.param(*private, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def test_a_private_address_is_refused_before_anything_is_sent(guarded, server):
    with pytest.raises(AdapterError, match=r"127\.0\.0\.1 is not a public address") as caught:
        guarded().get(f"{server.url}/page")
    assert caught.value.permanent is True
    assert server.seen == []


@pytest.mark.parametrize("host", ["localhost", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_every_form_of_a_private_address_is_refused(guarded, host):
    with pytest.raises(AdapterError, match="is not a public address"):
        guarded("127.0.0.1").get(f"http://{host}:9/")


def test_a_server_of_ones_own_is_reached(guarded, server):
    assert guarded("127.0.0.1").get(f"{server.url}/page").content == b"hello"
    assert server.seen == [("/page", "Rundown/0.1")]
    assert guarded("127.0.0.1").post(f"{server.url}/", data={"a": "b"}).content == b"a=b"


def test_a_redirect_is_judged_like_an_address(guarded, server):
    with pytest.raises(AdapterError, match="localhost is not a public address"):
        guarded("127.0.0.1").get(f"{server.url}/to/http://localhost:{server.server_port}/page")
    assert [path for path, _agent in server.seen] == [f"/to/http://localhost:{server.server_port}/page"]


def test_a_name_cannot_change_its_mind(guarded, server, monkeypatch):
    """It is looked up once a connection; the second answer, which would be this machine, is never asked for."""
    answers = iter([["192.0.2.1"], ["127.0.0.1"]])
    monkeypatch.setattr("apps.platforms.guard.resolve", lambda host, port: next(answers))
    with pytest.raises(AdapterError, match=r"story\.example is not a public address"):
        guarded().get(f"http://story.example:{server.server_port}/page")
    assert next(answers) == ["127.0.0.1"]


def test_the_name_is_what_the_server_hears(guarded, server, monkeypatch):
    monkeypatch.setattr("apps.platforms.guard.resolve", lambda host, port: ["127.0.0.2", "127.0.0.1"])
    answer = guarded("story.example").get(f"http://story.example:{server.server_port}/page")
    assert answer.content == b"hello"


def test_a_slow_server_ends_with_the_time_of_the_whole(guarded, server):
    begun = time.monotonic()
    with pytest.raises(LATE):
        guarded("127.0.0.1", timeout=0.4).get(f"{server.url}/trickle")
    assert time.monotonic() - begun < 2


def test_time_is_counted_over_all_calls(guarded, server):
    client = guarded("127.0.0.1", timeout=0.3)
    client.get(f"{server.url}/page")
    time.sleep(0.35)
    with pytest.raises(LATE):
        client.get(f"{server.url}/page")


def test_nobody_there_is_an_error_of_the_connection(guarded):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(BROKEN):
            guarded("127.0.0.1").get(f"http://127.0.0.1:{unused.getsockname()[1]}/")


def test_proxies_of_the_environment_are_not_used(guarded, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert guarded("127.0.0.1").get(f"{server.url}/page").content == b"hello"


def test_tls_is_spoken_with_the_name_and_its_certificate(guarded, server, monkeypatch, tmp_path):
    """A server whose certificate is known is reached by its name; another's certificate is refused."""
    certificate = _self_signed(tmp_path, "story.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr("apps.platforms.guard.resolve", lambda host, port: ["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr("apps.common.deadlines.certificates", lambda: trusting)
    monkeypatch.setattr("apps.platforms.guard.ssl.create_default_context", lambda: _trusting(certificate))
    private = ("story.example", "other.example")
    answer = guarded(*private).get(f"https://story.example:{server.server_port}/page")
    assert answer.content == b"hello"
    with pytest.raises(BROKEN):
        guarded(*private).get(f"https://other.example:{server.server_port}/page")


def _trusting(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate)
    return context


def _self_signed(folder, name: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    path = folder / "server.pem"
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)
