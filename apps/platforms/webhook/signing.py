"""Signatures after the Standard Webhooks specification (standardwebhooks.com), over bodies of any size."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError

PREFIX = "whsec_"
# What the specification asks of a secret.
SHORTEST, LONGEST = 24, 64


def key_of(secret: str) -> bytes:
    """The bytes of `whsec_` and base64, or of base64 alone. Raises AdapterError."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        hint = _("Make one with: openssl rand -base64 32")
        raise AdapterError(_("This is no signing secret."), permanent=True, hint=hint)
    return key


def headers(keys: Sequence[bytes], identifier: str, timestamp: int, body: Iterable[bytes]) -> dict[str, str]:
    """One signature for each key, so that a receiver may know the old secret or the new one."""
    signatures = [hmac.new(key, f"{identifier}.{timestamp}.".encode(), hashlib.sha256) for key in keys]
    for piece in body:
        for signature in signatures:
            signature.update(piece)
    coded = [base64.b64encode(signature.digest()).decode() for signature in signatures]
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{each}" for each in coded),
    }
