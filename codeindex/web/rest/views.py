"""Who may ask REST views at all."""

from __future__ import annotations

from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from codeindex.accounts.authentication import ScopePermission
from codeindex.web.access import IsAdministrator


class SignedInView(APIView):
    permission_classes = [IsAuthenticated, ScopePermission]


class AdministratorView(APIView):
    permission_classes = [IsAuthenticated, ScopePermission, IsAdministrator]
