"""What single sign-on has verified of users."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import models


class SignOnIdentity(models.Model):
    """What the provider said of one of its accounts when its user last signed in: the provider's
    address, and the e-mail address if the provider has verified it. The account has the user, and
    the provider's own id of them."""

    account = models.OneToOneField(
        SocialAccount, models.CASCADE, primary_key=True, related_name="identity"
    )
    provider = models.CharField(max_length=2_048)
    email = models.CharField(max_length=254, blank=True)  # in lower case

    class Meta:
        verbose_name_plural = "sign-on identities"

    def __str__(self) -> str:
        return str(self.account)
