"""Recent and saved searches over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.authentication import signed_in_user
from codeindex.models import Alert, RecentSearch, SavedSearch
from codeindex.searches import alerts, recent, saved
from codeindex.web import ids
from codeindex.web.rest.fields import IdField, Text, TrueOrFalse
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView
from search.web.rest.base import SearchingView
from search.web.saved import checked

LATEST = 20
"""Alerts of a saved search."""


class MatchSerializer(serializers.Serializer[Any]):
    repository = serializers.CharField(help_text="`owner/name`.")
    branch = serializers.CharField(allow_blank=True)
    commit = serializers.CharField()
    path = serializers.CharField()
    start_line = serializers.IntegerField()
    end_line = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.CharField()
    closeness = serializers.CharField(help_text="`exact`, `strong`, or empty without a text.")
    permalink = serializers.CharField()


class AlertSerializer(serializers.ModelSerializer[Alert]):
    matches = serializers.SerializerMethodField(help_text="New code that you may still see.")

    class Meta:
        model = Alert
        fields = ["created", "matches"]

    @extend_schema_field(MatchSerializer(many=True))
    def get_matches(self, alert: Alert) -> Any:
        return MatchSerializer(alerts.shown(alert), many=True).data


class SavedSearchSerializer(serializers.ModelSerializer[SavedSearch]):
    id = IdField(ids.Row.SAVED_SEARCH, source="pk")
    query = serializers.CharField(source="asked", help_text="The query string of `/search`.")
    alerts = serializers.SerializerMethodField(help_text="Whether it alerts to new code.")

    class Meta:
        model = SavedSearch
        fields = ["id", "name", "query", "alerts", "mail", "created"]
        read_only_fields = fields

    def get_alerts(self, search: SavedSearch) -> bool:
        return search.alerting is not None


class AlertsSerializer(serializers.Serializer[Any]):
    """Whether a saved search alerts."""

    alerts = TrueOrFalse(default=False, help_text="To new code that it finds.")
    mail = TrueOrFalse(default=False, help_text="Whether alerts are sent by mail, too.")


class NewSavedSearchSerializer(AlertsSerializer):
    """A search to save."""

    name = Text(max_length=200)
    query = Text(
        max_length=recent.MOST_CHARACTERS,
        help_text="The query string of `/search`, such as `q=retry&lang=go`.",
    )


class RecentSearchSerializer(serializers.ModelSerializer[RecentSearch]):
    query = serializers.CharField(source="asked", help_text="The query string of `/search`.")

    class Meta:
        model = RecentSearch
        fields = ["query", "text", "at"]


class _OwnView(SignedInView, SearchingView):
    parser_classes = [ShallowJSONParser]


class SavedSearchesView(_OwnView):
    @extend_schema(
        operation_id="list_saved_searches",
        summary="List your saved searches, by name",
        description="Only you can see them.",
        responses=answers(SavedSearchSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = saved.owned_by(signed_in_user(request))
        return Response(SavedSearchSerializer(own, many=True).data)

    @extend_schema(
        operation_id="save_search",
        summary="Save a search",
        description=(
            "The search must be valid. Its position in the results (`cursor`, `limit`) is not "
            "saved."
        ),
        request=NewSavedSearchSerializer,
        responses=answers(SavedSearchSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        wanted = validated(NewSavedSearchSerializer, request)
        user = signed_in_user(request)
        asked = checked(user, wanted.pop("query"))
        made = saved.save(user, asked=asked, **wanted)
        return Response(SavedSearchSerializer(made).data, status.HTTP_201_CREATED)


class SavedSearchView(_OwnView):
    @extend_schema(
        operation_id="change_saved_search",
        summary="Switch the alerts of a saved search on or off",
        description=(
            "A field that is left out is false. Code that becomes searchable after alerts are "
            "switched on is new."
        ),
        request=AlertsSerializer,
        responses=answers(SavedSearchSerializer, 404, 415),
    )
    def patch(self, request: Request, pk: int) -> Response:
        given = validated(AlertsSerializer, request)
        row = _own(request, pk)
        saved.change_alerts(row, **given)
        return Response(SavedSearchSerializer(row).data)

    @extend_schema(
        operation_id="remove_saved_search",
        summary="Remove a saved search",
        description="Its alerts are removed, too.",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, pk: int) -> Response:
        saved.remove(_own(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class AlertsView(_OwnView):
    @extend_schema(
        operation_id="list_alerts",
        summary="List the latest alerts of a saved search, newest first",
        description=(
            "There are at most 20 of the last 30 days, with the matches that you may still see."
        ),
        responses=answers(AlertSerializer(many=True), 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        latest = _own(request, pk).alerts.select_related("search__owner")[:LATEST]
        return Response(AlertSerializer(latest, many=True).data)


class RecentSearchesView(_OwnView):
    @extend_schema(
        operation_id="list_recent_searches",
        summary="List your recent searches on the page, newest first",
        description=(
            "Only you can see them. There are none if the server does not keep the text of "
            "searches."
        ),
        responses=answers(RecentSearchSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = recent.latest(signed_in_user(request))
        return Response(RecentSearchSerializer(own, many=True).data)

    @extend_schema(
        operation_id="clear_recent_searches",
        summary="Forget your recent searches",
        description="Saved searches are kept.",
        responses=answers(None, status=204),
    )
    def delete(self, request: Request) -> Response:
        recent.clear(signed_in_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _own(request: Request, pk: int) -> SavedSearch:
    return get_object_or_404(saved.owned_by(signed_in_user(request)), pk=pk)
