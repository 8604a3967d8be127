"""A model field for secrets: sealed in the database, masked wherever it might be shown."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_save

from apps.common import crypto
from apps.common.redaction import MASK


class Sealed(str):
    """Ciphertext as it stands in the database."""

    __slots__ = ()


class Secret(dict):
    """An opened secret; printing it, logging it or rendering it in a template shows a mask."""

    def __repr__(self) -> str:
        return MASK if self else "{}"

    __str__ = __repr__


class _Opener(DeferredAttribute):
    """Opens the ciphertext when the attribute is read, not when the row is: a list page decrypts nothing."""

    def __get__(self, instance: models.Model | None, cls: type | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = Secret(crypto.unseal(value, place=self.field.place(instance)) if value else {})
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value if isinstance(value, Sealed) else Secret(value or {})


class SealedField(models.TextField):
    """A dict of JSON values, such as an account's credentials, sealed for its workspace, field and row.

    Read and assign a dict; `save()` seals it. `update()` and forms cannot write it, and a ciphertext that was copied to
    another row raises CredentialUnreadable. Every such field is found by `manage.py rotate_credentials` by itself.
    The row's number is part of the seal, so a new row is written and then sealed: create it in a `unit_of_work`, and
    never by `bulk_create`.
    """

    descriptor_class = _Opener

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"], kwargs["blank"], kwargs["default"] = False, True, dict
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("editable", "blank", "default"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs

    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, **kwargs)
        if not cls._meta.abstract:
            post_save.connect(self._seal_new_row, sender=cls, weak=False)

    def place(self, instance: models.Model) -> str:
        return f"{instance.workspace_id}:{instance._meta.label_lower}.{self.name}:{instance.pk}"

    def pre_save(self, instance: models.Model, add: bool) -> Sealed:
        value = instance.__dict__.get(self.attname)
        if isinstance(value, Sealed):
            return value
        if not value or instance.pk is None:
            return Sealed("")
        return Sealed(crypto.seal(dict(value), place=self.place(instance)))

    def _seal_new_row(self, instance: models.Model, created: bool, raw: bool = False, **kwargs: Any) -> None:
        if created and not raw and instance.__dict__.get(self.attname):
            type(instance)._base_manager.filter(pk=instance.pk).update(**{self.name: self.pre_save(instance, False)})

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed:
        return Sealed(value or "")

    def get_prep_value(self, value: Any) -> str | None:
        if value is None or isinstance(value, Sealed):
            return value
        # A value that passed here would be stored in the clear.
        raise TypeError(f"{self.model.__name__}.{self.name} is sealed: assign it to the object and save() that")

    def value_to_string(self, obj: models.Model) -> str:
        return self.pre_save(obj, False)

    def to_python(self, value: Any) -> Any:
        return Sealed(value) if isinstance(value, str) else value

    def formfield(self, **kwargs: Any) -> None:
        return None


def sealed_fields() -> list[tuple[type[models.Model], SealedField]]:
    """Every sealed field of every installed model."""
    from django.apps import apps  # asked when all models are loaded

    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, SealedField)
    ]
