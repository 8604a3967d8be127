"""Forms of people, teams and tokens. They check what was typed; what is allowed, services decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.errors import DomainError, Invalid
from apps.workspaces.actors import Actor
from apps.workspaces.models import User, Workspace
from apps.workspaces.roles import PERMISSIONS, Role


class ServiceForm(forms.Form):
    """A form whose service may still refuse; the refusal is shown where it belongs."""

    def refuse(self, error: DomainError) -> None:
        """Show a DomainError; one of `Invalid` beside the fields that it names."""
        shown = False
        for field, texts in error.details.items() if isinstance(error, Invalid) else ():
            if field in self.fields:
                self.add_error(field, texts)
                shown = True
        if not shown:
            self.add_error(None, str(error))


class JoinForm(ServiceForm):
    name = forms.CharField(label=_("Your name"), max_length=120)
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=password_validators_help_text_html,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("As my browser asks")), *User._meta.get_field("language").choices]


class InvitationForm(ServiceForm):
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"placeholder": "name@example.org"}))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.EDITOR)

    def __init__(self, *args: Any, actor: Actor, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_to_give(actor, workspace)


class NewWorkspaceForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("What your team calls itself."))
    language = forms.ChoiceField(
        label=_("Language of the content"), choices=Workspace._meta.get_field("language").choices
    )


class WorkspaceForm(forms.ModelForm):
    class Meta:
        model = Workspace
        fields = ("name", "language", "timezone", "profanity", "min_part_seconds", "max_part_seconds")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        shortest, longest = data.get("min_part_seconds"), data.get("max_part_seconds")
        if shortest and longest and shortest > longest:
            raise ValidationError({"max_part_seconds": _("The longest part cannot be shorter than the shortest.")})
        return data


class TokenForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What will use it, such as “nightly import”."))
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        initial=90,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year")), (0, _("no end"))],
    )
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, actor: Actor, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = [(codename, label) for codename, label in PERMISSIONS.items() if actor.may(codename, workspace)]
        self.fields["scopes"].choices = mine

    @property
    def expires_at(self) -> Any:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


def roles_to_give(actor: Actor, workspace: Workspace) -> list[tuple[str, Any]]:
    """The roles that this person may hand out: only owners make owners."""
    may_own = actor.may("own_workspace", workspace)
    return [(value, label) for value, label in Role.choices if value != Role.OWNER or may_own]
