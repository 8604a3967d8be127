"""Tokens that work only together with a key of ours: proofs of possession (DPoP, RFC 9449) for httpx."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Generator, Mapping
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ALGORITHM = "ES256"


def new_key() -> dict[str, Any]:
    """A private key, as a JWK."""
    return ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)


def signed(claims: Mapping[str, Any], key: Mapping[str, Any], headers: dict[str, Any]) -> str:
    """A JWT for this moment, and for one use. key: a private JWK."""
    said = {"jti": uuid.uuid4().hex, "iat": int(time.time()), **claims}
    return jwt.encode(said, ECAlgorithm.from_jwk(dict(key)), ALGORITHM, headers=headers)


def public(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in ("kty", "crv", "x", "y")}


class Bound(httpx.Auth):
    """Signs every request to one server; others pass as they are.

    server: `scheme://host:port`. token: the access token, "" where tokens are asked for. A server that wants a nonce of
    its own in the proof refuses the request and names one; the request is then sent again with it.
    """

    requires_response_body = True

    def __init__(self, server: str, jwk: Mapping[str, Any], token: str = "") -> None:
        self._server, self._jwk, self._token, self._nonce = httpx.URL(server), jwk, token, ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if (request.url.scheme, request.url.netloc) != (self._server.scheme, self._server.netloc):
            yield request
            return
        self._sign(request)
        response = yield request
        self._nonce = response.headers.get("DPoP-Nonce", self._nonce)
        if _wants_nonce(response):
            self._sign(request)
            response = yield request
            self._nonce = response.headers.get("DPoP-Nonce", self._nonce)

    def _sign(self, request: httpx.Request) -> None:
        claims = {"htm": request.method, "htu": str(request.url.copy_with(query=None, fragment=None))}
        if self._nonce:
            claims["nonce"] = self._nonce
        if self._token:
            digest = hashlib.sha256(self._token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            request.headers["Authorization"] = f"DPoP {self._token}"
        request.headers["DPoP"] = signed(claims, self._jwk, {"typ": "dpop+jwt", "jwk": public(self._jwk)})


def _wants_nonce(response: httpx.Response) -> bool:
    """Servers of resources say so in a header, servers of tokens in the body."""
    if response.status_code == 401 and "use_dpop_nonce" in response.headers.get("WWW-Authenticate", ""):
        return True
    return response.status_code in (400, 401) and b'"use_dpop_nonce"' in response.content
