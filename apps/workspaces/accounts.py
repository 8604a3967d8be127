"""How people sign in, on top of allauth: by email, with a second factor, and only when somebody invited them."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse
from ninja_jwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.common import crypto
from apps.workspaces.models import User

MFA_PLACE = "mfa"


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """New people come in by the page of their invitation, which has a form of its own."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def set_password(self, user: User, password: str) -> None:
        """A password chosen by its owner ends the one-time password, and every JWT session with it."""
        user.must_change_password = False
        super().set_password(user, password)
        end_jwt_sessions(user)


class MfaAdapter(DefaultMFAAdapter):
    """allauth keeps TOTP secrets in the clear by default."""

    def encrypt(self, text: str) -> str:
        return crypto.seal(text, place=MFA_PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.unseal(encrypted_text, place=MFA_PLACE)


def end_jwt_sessions(user: User) -> None:
    """Refresh tokens stop working now; access tokens end by themselves within minutes."""
    open_tokens = OutstandingToken.objects.filter(user=user, blacklistedtoken=None)
    BlacklistedToken.objects.bulk_create([BlacklistedToken(token=each) for each in open_tokens], ignore_conflicts=True)
