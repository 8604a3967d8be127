"""Forms made of what a platform declares: its credentials to connect an account, its settings to change one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.errors import DomainError, Invalid
from apps.platforms.base import CredentialField, Platform, SettingField
from apps.platforms.logins import callback_url
from apps.platforms.models import Account
from apps.platforms.services import LIMITS, asks_handle

# Fields of different origin must not meet: many platforms ask for a "name" or a "handle" of their own.
CREDENTIAL, SETTING = "credential_", "setting_"


class SecretText(forms.Textarea):
    """Many lines that are not sent back to the browser, as those of a password are not."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class PlatformForm(forms.Form):
    """Base of forms whose service may still refuse; the refusal is shown beside the field that it is about."""

    def refuse(self, error: DomainError) -> None:
        shown = False
        for name, texts in error.details.items() if isinstance(error, Invalid) else ():
            field = next((prefix + name for prefix in ("", CREDENTIAL, SETTING) if prefix + name in self.fields), None)
            if field:
                self.add_error(field, texts)
                shown = True
        said = " ".join(text for texts in self.errors.values() for text in texts)
        if not shown:
            self.add_error(None, str(error))
        elif str(error.hint) not in said:
            self.add_error(None, error.hint)

    def having(self, prefix: str) -> dict[str, Any]:
        """The cleaned values of the fields with that prefix, without it."""
        return {
            name.removeprefix(prefix): value for name, value in self.cleaned_data.items() if name.startswith(prefix)
        }


class CredentialsForm(PlatformForm):
    """What a platform asks of a login. A secret is typed anew each time; it is never sent back to the browser."""

    def __init__(self, *args: Any, plug: Platform, known: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plug = plug
        if plug.own_app:
            self.fields["redirect"] = _to_copy(callback_url())
        for each in plug.credential_fields:
            known_value = "" if each.secret else (known or {}).get(each.name, "")
            self.fields[CREDENTIAL + each.name] = _credential(each, str(known_value))

    @property
    def credentials(self) -> dict[str, Any]:
        return self.having(CREDENTIAL)


class ConnectForm(CredentialsForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("What your team calls this account; empty: what the platform calls it."),
    )

    def __init__(self, *args: Any, plug: Platform, **kwargs: Any) -> None:
        super().__init__(*args, plug=plug, **kwargs)
        if asks_handle(plug):
            self.fields["handle"] = forms.CharField(
                label=_("Handle"), max_length=120, help_text=_("The account's name on the platform.")
            )
        for each in plug.setting_fields:
            self.fields[SETTING + each.name] = _setting(each, each.default)
        if plug.notice:
            self.fields["accepted"] = forms.BooleanField(label=_("I have read this and accept it."))

    @property
    def settings(self) -> dict[str, str]:
        return self.having(SETTING)


class AccountForm(forms.ModelForm, PlatformForm):
    """How an account posts: its name, the platform's own settings, and the limits that the workspace sets."""

    class Meta:
        model = Account
        fields = ("name", *LIMITS)
        widgets = {
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.instance.adapter.setting_fields:
            current = self.instance.settings.get(each.name, each.default)
            self.fields[SETTING + each.name] = _setting(each, current)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if bool(data.get("quiet_from")) != bool(data.get("quiet_until")):
            self.add_error("quiet_until", _("Quiet hours need both times."))
        return data

    @property
    def changes(self) -> dict[str, Any]:
        """What `change_account` takes."""
        plain = {name: self.cleaned_data[name] for name in self.Meta.fields}
        settings = self.having(SETTING)
        return {**plain, "settings": settings} if settings else plain

    def setting_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(SETTING)]


def _to_copy(address: str) -> forms.Field:
    return forms.CharField(
        label=_("Redirect address"),
        help_text=_("Copy it into the settings of your app there; it must be exactly this one."),
        required=False,
        initial=address,
        widget=forms.TextInput({"readonly": True}),
    )


def _credential(each: CredentialField, known: str) -> forms.Field:
    quiet = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
    if each.lines > 1:
        widget = SecretText(quiet | {"rows": each.lines})
    else:
        widget = (
            forms.PasswordInput(quiet | {"autocomplete": "new-password"}) if each.secret else forms.TextInput(quiet)
        )
    return forms.CharField(
        label=each.label, help_text=each.help, required=each.required, widget=widget, initial=known, max_length=200_000
    )


def _setting(each: SettingField, current: str) -> forms.Field:
    if each.choices:
        # Of some settings, one choice is the empty value: what the platform does by itself.
        required = all(value for value, _label in each.choices)
        return forms.ChoiceField(
            label=each.label, help_text=each.help, choices=each.choices, initial=current, required=required
        )
    return forms.CharField(label=each.label, help_text=each.help, required=False, initial=current, max_length=2000)
