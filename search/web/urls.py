"""The addresses of searching."""

from django.urls import path, register_converter

from search.web import files, lines, map, references, saved, views
from search.web.code import attention, history, variables
from search.web.rest import batch, definitions, encoding, searches, suggestions
from search.web.rest import files as rest_files
from search.web.rest import references as rest_references
from search.web.rest import saved as rest_saved

register_converter(files.AddressConverter, "address")

urlpatterns = [
    path("", views.search, name="search"),
    path("lines/", lines.search, name="lines"),
    path("searches/", saved.searches, name="searches"),
    path("searches/recent/clear", saved.clear_recent, name="clear-recent-searches"),
    path("searches/<saved_search:pk>/alerts", saved.change_alerts, name="change-alerts"),
    path("searches/<saved_search:pk>/remove", saved.remove, name="remove-search"),
    path("map/", map.page, name="map"),
    path("map/points", map.points_seen, name="map-points"),
    path("map/place", map.place_on_map, name="map-place"),
    path("map/hits", map.hits, name="map-hits"),
    path("files/<file:file_id>/", files.file, name="file"),
    path("files/<file:file_id>/<definition:definition_id>/", views.definition, name="definition"),
    path("files/<file:file_id>/<definition:definition_id>/why/", views.why, name="why"),
    path(
        "files/<file:file_id>/<definition:definition_id>/attention/",
        attention.attention,
        name="attention",
    ),
    path(
        "files/<file:file_id>/<definition:definition_id>/history/",
        history.versions,
        name="history",
    ),
    path(
        "files/<file:file_id>/<definition:definition_id>/similar/", views.similar_to, name="similar"
    ),
    path(
        "files/<file:file_id>/<definition:definition_id>/references/",
        references.references,
        name="references",
    ),
    path(
        "files/<file:file_id>/<definition:definition_id>/variables/",
        variables.variables,
        name="variables",
    ),
    path("r/<address:address>", files.at_address, name="address"),
    path("similar/", views.similar_to_code, name="similar-to-code"),
    path("api/v1/search", searches.SearchView.as_view(), name="api-search"),
    path("api/v1/suggestions", suggestions.SuggestionsView.as_view(), name="api-suggestions"),
    path("api/v1/recent-searches", rest_saved.RecentSearchesView.as_view(), name="api-recent"),
    path("api/v1/saved-searches", rest_saved.SavedSearchesView.as_view(), name="api-saved"),
    path(
        "api/v1/saved-searches/<saved_search:pk>",
        rest_saved.SavedSearchView.as_view(),
        name="api-saved-search",
    ),
    path(
        "api/v1/saved-searches/<saved_search:pk>/alerts",
        rest_saved.AlertsView.as_view(),
        name="api-alerts",
    ),
    path("api/v1/search/batch", batch.BatchView.as_view(), name="api-batch"),
    path("api/v1/encode", encoding.EncodeView.as_view(), name="api-encode"),
    path("api/v1/names", encoding.NamesView.as_view(), name="api-names"),
    path(
        "api/v1/definitions/<definition:definition_id>",
        definitions.DefinitionView.as_view(),
        name="api-definition",
    ),
    path(
        "api/v1/definitions/<definition:definition_id>/explanation",
        definitions.ExplanationView.as_view(),
        name="api-explanation",
    ),
    path("api/v1/files", rest_files.FileView.as_view(), name="api-file"),
    path("api/v1/lines", searches.LinesView.as_view(), name="api-lines"),
    path("api/v1/similar", searches.SimilarToCodeView.as_view(), name="api-similar-to-code"),
    path(
        "api/v1/files/<file:file_id>/<definition:definition_id>/similar",
        searches.SimilarView.as_view(),
        name="api-similar",
    ),
    path(
        "api/v1/definitions/<definition:definition_id>/references",
        rest_references.ReferencesView.as_view(),
        name="api-references",
    ),
    path(
        "api/v1/definitions/<definition:definition_id>/callers",
        rest_references.CallersView.as_view(),
        name="api-callers",
    ),
    path(
        "api/v1/definitions/<definition:definition_id>/callees",
        rest_references.CalleesView.as_view(),
        name="api-callees",
    ),
]
