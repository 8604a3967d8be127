"""The guarded HTTP client, against servers on this machine."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.common.errors import AdapterError
from apps.common.http import AGENT, get, is_public

LOOPBACK = frozenset({"127.0.0.1"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        kind, _, rest = self.path[1:].partition("/")
        getattr(self, f"_{kind}")(rest)

    def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _page(self, rest: str) -> None:
        self._answer(b"hello", Content_Type="text/plain")

    def _missing(self, rest: str) -> None:
        self._answer(b"no", 404)

    def _to(self, rest: str) -> None:
        self._answer(b"", 302, Location=rest)

    def _again(self, rest: str) -> None:
        self._answer(b"", 302, Location=f"/again/{int(rest) - 1}" if int(rest) else "/page")

    def _zipped(self, rest: str) -> None:
        self._answer(gzip.compress(b"x" * int(rest)), Content_Encoding="gzip")

    def _trickle(self, rest: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" if rest else b"HTTP/1.1 200 OK\r\n\r\n")
        for number in range(100):
            self.wfile.write(f"X-{number}: 1\r\n".encode())
            time.sleep(0.05)

    def _broken(self, rest: str) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

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


def test_a_page_comes_back_with_status_headers_and_content(server):
    response = get(f"{server.url}/page", headers={"X-Mark": "1"}, private_hosts=LOOPBACK)

    assert (response.status_code, response.content, response.url) == (200, b"hello", f"{server.url}/page")
    assert response.headers["content-type"] == "text/plain"
    assert server.seen[0][1]["user-agent"] == AGENT
    assert server.seen[0][1]["x-mark"] == "1"


def test_a_missing_page_is_an_answer(server):
    assert get(f"{server.url}/missing", private_hosts=LOOPBACK).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::7f00:1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused(address):
    assert not is_public(address)
    with pytest.raises(AdapterError, match="not a public address") as refusal:
        get("http://inside.example/", resolve=lambda host, port: ["93.184.216.34", address])
    assert refusal.value.permanent


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"])
def test_addresses_outside_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("written", ["127.1", "2130706433", "0x7f000001", "localhost", "[::1]", "[::ffff:7f00:1]"])
def test_other_spellings_of_this_machine_are_refused(server, written):
    with pytest.raises(AdapterError):
        get(f"http://{written}:{server.server_port}/page")
    assert server.seen == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/", "example.com", "http://", "http://[::1", "http://a:99999999/", ""],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(AdapterError, match="not a web address") as refusal:
        get(url)
    assert refusal.value.permanent


def test_a_name_is_resolved_once_and_the_connection_goes_there(server, monkeypatch):
    """DNS rebinding: the second answer would be another server, and nobody asks for it."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    monkeypatch.setattr(socket, "getaddrinfo", _no_look_up(socket.getaddrinfo))

    response = get(
        f"http://story.example:{server.server_port}/page",
        private_hosts=frozenset({"story.example"}),
        resolve=lambda host, port: next(answers),
    )

    assert response.content == b"hello"
    assert server.seen[0][1]["host"] == f"story.example:{server.server_port}"
    assert next(answers) == ["10.0.0.1"]


def _no_look_up(real):
    def getaddrinfo(host, *arguments, **options):
        assert host == "127.0.0.1", f"{host} was looked up again"
        return real(host, *arguments, **options)

    return getaddrinfo


def test_a_redirect_inside_is_refused_even_from_an_allowed_host(server):
    with pytest.raises(AdapterError, match="not a public address"):
        get(f"{server.url}/to/http://localhost:{server.server_port}/page", private_hosts=LOOPBACK)
    assert [path for path, _ in server.seen] == [f"/to/http://localhost:{server.server_port}/page"]


def test_a_redirect_to_a_file_is_refused(server):
    with pytest.raises(AdapterError, match="not a web address"):
        get(f"{server.url}/to/file:///etc/passwd", private_hosts=LOOPBACK)


def test_five_redirects_are_followed_and_a_sixth_is_not(server):
    followed = get(f"{server.url}/again/4", private_hosts=LOOPBACK)
    assert (followed.content, followed.url) == (b"hello", f"{server.url}/page")
    with pytest.raises(AdapterError, match="redirects too often"):
        get(f"{server.url}/again/5", private_hosts=LOOPBACK)


def test_credentials_stay_with_the_host_they_are_for(server):
    other = f"http://localhost:{server.server_port}/page"
    headers = {"Authorization": "Bearer canary", "Cookie": "canary"}

    get(f"{server.url}/to/{other}", headers=headers, private_hosts=LOOPBACK | {"localhost"})
    get(f"{server.url}/to//page", headers=headers, private_hosts=LOOPBACK)

    assert ["authorization" in headers for _, headers in server.seen][:2] == [True, False]
    assert "cookie" not in server.seen[1][1]


def test_a_long_answer_is_cut_off_also_when_it_is_compressed(server):
    assert get(f"{server.url}/zipped/1000", private_hosts=LOOPBACK, most=1000).content == b"x" * 1000
    with pytest.raises(AdapterError, match="more than 1,000 bytes") as refusal:
        get(f"{server.url}/zipped/100000", private_hosts=LOOPBACK, most=1000)
    assert refusal.value.permanent


@pytest.mark.parametrize("where", ["headers", ""])
def test_a_trickling_server_is_left_at_the_deadline(server, where):
    started = time.monotonic()
    with pytest.raises(AdapterError, match="took too long") as refusal:
        get(f"{server.url}/trickle/{where}", private_hosts=LOOPBACK, seconds=0.4)
    assert time.monotonic() - started < 1.5
    assert not refusal.value.permanent


def test_a_broken_connection_can_be_tried_again(server):
    with pytest.raises(AdapterError, match="did not answer properly") as refusal:
        get(f"{server.url}/broken", private_hosts=LOOPBACK)
    assert not refusal.value.permanent


def test_a_server_that_is_down_can_be_tried_again():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(AdapterError) as refusal:
            get(f"http://127.0.0.1:{unused.getsockname()[1]}/", private_hosts=LOOPBACK)
    assert not refusal.value.permanent


def test_the_next_address_is_tried_when_the_first_is_down(server):
    both = frozenset({"two.example"})
    url = f"http://two.example:{server.server_port}/page"
    assert get(url, private_hosts=both, resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"]).content == b"hello"


def test_an_unknown_name_is_named():
    def nobody(host: str, port: int) -> list[str]:
        return []

    with pytest.raises(AdapterError, match=r"nobody\.example has no address"):
        get("http://nobody.example/", resolve=nobody)


def test_proxies_of_the_environment_are_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert get(f"{server.url}/page", private_hosts=LOOPBACK).content == b"hello"


def test_tls_asks_for_the_name_and_checks_the_certificate(tmp_path):
    names: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path, "story.example"))
    context.sni_callback = lambda connection, name, _: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_one_handshake, args=(listening, context))
        thread.start()
        with pytest.raises(AdapterError, match="did not answer properly"):
            get(
                f"https://story.example:{listening.getsockname()[1]}/",
                private_hosts=frozenset({"story.example"}),
                resolve=lambda host, port: ["127.0.0.1"],
            )
        thread.join()
    assert names == ["story.example"]


def _one_handshake(listening: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listening.accept()
    with connection, suppress(OSError):  # the client does not know who signed the certificate
        context.wrap_socket(connection, server_side=True).close()


def _self_signed(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    path = folder / "site.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
