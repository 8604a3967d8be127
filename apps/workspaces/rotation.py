"""Giving every stored secret the newest key."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import models

from apps.common import crypto
from apps.workspaces.fields import Sealed, SealedField, sealed_fields

_SEALED_BY_ALLAUTH = ("secret", "seed")


def rotate_all() -> dict[str, int]:
    """Encrypt every sealed value under the first of CREDENTIAL_KEYS; returns how many, by field.

    Safe while the site runs: a value that changes meanwhile was written with the first key already. Raises
    CredentialUnreadable when a value opens with none of the keys; what was rotated before stays rotated.
    """
    counts = {f"{model._meta.label}.{field.name}": _rotate_field(model, field) for model, field in sealed_fields()}
    counts["mfa.Authenticator.data"] = _rotate_second_factors()
    return counts


def _rotate_field(model: type[models.Model], field: SealedField) -> int:
    rows = model._base_manager.exclude(**{field.name: Sealed("")})
    count = 0
    for pk, token in rows.order_by("pk").values_list("pk", field.name).iterator():
        same = model._base_manager.filter(pk=pk, **{field.name: token})
        count += same.update(**{field.name: Sealed(crypto.rotate(token))})
    return count


def _rotate_second_factors() -> int:
    count = 0
    for row in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk"):
        fresh = {name: crypto.rotate(row.data[name]) for name in _SEALED_BY_ALLAUTH if row.data.get(name)}
        count += Authenticator.objects.filter(pk=row.pk, data=row.data).update(data={**row.data, **fresh})
    return count
