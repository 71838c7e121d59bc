"""The second factor of users who sign in with a password of this installation: codes of an app
(TOTP, RFC 6238), and recovery codes for when the app is lost. allauth keeps both; their secrets are
encrypted like credentials of repositories."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from qrcode.image.svg import SvgPathFillImage

from codeindex import audit, credentials
from codeindex.accounts import passwords
from codeindex.accounts.limits import counts
from codeindex.accounts.limits.lockouts import Attempt
from codeindex.audit import Access, Change

DIGITS = 6
"""Of a code. A recovery code has more."""

USED_SECONDS = 90
"""How long a used code is remembered: as long as it would be valid."""

WRONG = (
    "This code is wrong. Enter the one that the app shows now. If that does not help, check the"
    " clock of your device."
)
USED = "This code has already been used. Wait for the next one."


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    def encrypt(self, text: str) -> str:
        return credentials.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return credentials.decrypt(encrypted_text)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that the user scans as a QR code, or types into the app."""

    secret: str
    issuer: str
    name: str

    @property
    def uri(self) -> str:
        label = quote(f"{self.issuer}:{self.name}")
        return f"otpauth://totp/{label}?{urlencode({'secret': self.secret, 'issuer': self.issuer})}"

    @property
    def qr_code(self) -> str:
        """A data: URI of an SVG with the URI above."""
        svg = qrcode.make(self.uri, image_factory=SvgPathFillImage).to_string()
        return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"

    @property
    def grouped(self) -> str:
        """The secret in groups of four characters."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


def new_secret() -> str:
    return str(generate_totp_secret())


def is_set_up(user: User) -> bool:
    return _authenticator(user, Authenticator.Type.TOTP) is not None


def is_required(user: User) -> bool:
    """Whether the settings require one of whoever signs in with the password of `user`."""
    required_of = settings.CODEINDEX_SECOND_FACTOR
    return required_of == "everyone" or (required_of == "administrators" and user.is_superuser)


@transaction.atomic
def set_up(user: User, secret: str, code: str) -> list[str]:
    """Sets up the second factor, once a code has shown that the app has the secret. Returns new
    recovery codes. Raises `ValidationError`."""
    if not validate_totp_code(secret, _digits(code)):
        raise ValidationError(WRONG)
    _authenticators(user).delete()
    TOTP.activate(user, secret)
    audit.record(Change.SECOND_FACTOR_SET_UP, user.get_username(), by=user)
    return _new_recovery_codes(user)


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Replaces the recovery codes of `user`."""
    _authenticators(user).filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    audit.record(Change.RECOVERY_CODES_REPLACED, user.get_username(), by=user)
    return _new_recovery_codes(user)


@transaction.atomic
def remove(user: User, *, by: User | None) -> None:
    _authenticators(user).delete()
    audit.record(Change.SECOND_FACTOR_REMOVED, user.get_username(), by=by)


def recovery_codes_left(user: User) -> int:
    row = _authenticator(user, Authenticator.Type.RECOVERY_CODES)
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


def check(user: User, code: str, address: str) -> None:
    """Raises `ValidationError` for a wrong code, and `TooManyRequests` after too many. Codes are
    counted apart from passwords: the right password must not give new guesses."""
    attempt = Attempt(f"{passwords.folded(user.get_username())}-code", address)
    attempt.admit()
    digits = _digits(code)
    try:
        if len(digits) == DIGITS:
            _check_code(user, digits)
        else:
            _check_recovery_code(user, digits)
    except ValidationError:
        name = user.get_username()
        audit.note(Access.SIGN_IN_FAILED, None, subject=name, details="second factor")
        raise
    attempt.succeed()


def _check_code(user: User, code: str) -> None:
    row = _authenticator(user, Authenticator.Type.TOTP)
    if row is None or not validate_totp_code(decrypt(row.data["secret"]), code):
        raise ValidationError(WRONG)
    used = f"second factor/{user.pk}/{code}"
    if counts.apply(lambda store: store.incr(used, USED_SECONDS)) > 1:
        raise ValidationError(USED)


@transaction.atomic
def _check_recovery_code(user: User, code: str) -> None:
    row = _authenticator(user, Authenticator.Type.RECOVERY_CODES)
    if row is None or not RecoveryCodes(row).validate_code(code):
        raise ValidationError(WRONG)
    audit.record(Change.RECOVERY_CODE_USED, user.get_username(), by=user)


def _new_recovery_codes(user: User) -> list[str]:
    return list(RecoveryCodes.activate(user).get_unused_codes())


def _authenticators(user: User) -> QuerySet[Authenticator]:
    own: QuerySet[Authenticator] = Authenticator.objects.filter(user=user)
    return own


def _authenticator(user: User, kind: Authenticator.Type) -> Authenticator | None:
    return _authenticators(user).filter(type=kind).first()


def _digits(code: str) -> str:
    """People type codes in groups."""
    return "".join(character for character in code if character in "0123456789")
