"""What REST views share: who may ask them, and what their errors become."""

from __future__ import annotations

from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

import embeddings
from codeindex.accounts.authentication import ScopePermission
from codeindex.models import Scope
from codeindex.web.access import IsAdministrator
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.problems import Unavailable


class SignedInView(APIView):
    permission_classes = [IsAuthenticated, ScopePermission]


class AdministratorView(APIView):
    permission_classes = [IsAuthenticated, ScopePermission, IsAdministrator]


class EncoderView(APIView):
    """Encodes code that is sent as JSON. It changes nothing, so that strangers may send it, too."""

    parser_classes = [ShallowJSONParser]
    permission_classes = [ScopePermission]
    scope = Scope.SEARCH

    def handle_exception(self, exc: Exception) -> Response:
        """503 if the encoder cannot be loaded."""
        is_refusal = isinstance(exc, APIException)  # told apart without importing torch
        if not is_refusal and isinstance(exc, embeddings.EncoderUnavailable):
            exc = Unavailable(str(exc))
        return super().handle_exception(exc)
