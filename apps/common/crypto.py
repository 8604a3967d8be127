"""Secrets at rest: MultiFernet with keys of its own, each value bound to where it is stored.

The plaintext carries its place (workspace, field, row), so that a ciphertext copied to another row or tenant does not
open. The first key encrypts; the others still decrypt, until the rotation command has re-encrypted every row.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _
from jwt.algorithms import ECAlgorithm

from apps.common.errors import DomainError

# Of the curve P-256.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class CredentialUnreadable(DomainError):
    code = "credential_unreadable"
    status = 500


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _box() -> MultiFernet:
    return _fernet(tuple(settings.CREDENTIAL_KEYS))


def seal(value: Any, *, place: str) -> str:
    """Encrypt a JSON value for `place`, such as "account:12:credentials"."""
    return _box().encrypt(json.dumps({"place": place, "value": value}).encode()).decode()


def unseal(token: str, *, place: str) -> Any:
    """Open what `seal` made for the same place; raises CredentialUnreadable."""
    try:
        content = json.loads(_box().decrypt(token.encode()))
    except InvalidToken as error:
        raise _unreadable() from error
    if content["place"] != place:
        raise CredentialUnreadable(_("A stored secret belongs to another record."), hint=_("Enter the secret again."))
    return content["value"]


def rotate(token: str) -> str:
    """The same secret under the first key of CREDENTIAL_KEYS; raises CredentialUnreadable."""
    try:
        return _box().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise _unreadable() from error


def signing_keys() -> tuple[dict[str, Any], ...]:
    """Private keys (P-256, as JWK with `kid`) by which the installation signs its name, the newest first.

    They follow from CREDENTIAL_KEYS, so they last as long as those do, and there is nothing more to keep.
    """
    return _signing_keys(tuple(settings.CREDENTIAL_KEYS))


@lru_cache(maxsize=4)
def _signing_keys(secrets: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    return tuple(_signing_key(secret) for secret in secrets)


def _signing_key(secret: str) -> dict[str, Any]:
    # Sixteen bytes more than the order has, so that the remainder favours no key.
    derived = HKDF(SHA256(), length=48, salt=None, info=b"rundown signing key").derive(secret.encode())
    number = int.from_bytes(derived) % (_ORDER - 1) + 1
    jwk = ECAlgorithm.to_jwk(ec.derive_private_key(number, ec.SECP256R1()), as_dict=True)
    return {**jwk, "kid": hashlib.sha256(f"{jwk['x']}.{jwk['y']}".encode()).hexdigest()[:16]}


def _unreadable() -> CredentialUnreadable:
    return CredentialUnreadable(
        _("A stored secret cannot be decrypted."),
        hint=_("Add the key it was written with to CREDENTIAL_KEYS, or enter the secret again."),
    )
