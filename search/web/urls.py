"""The addresses of searching."""

from django.urls import path, register_converter

from search.web import (
    api,
    files,
    lines,
    references,
    references_api,
    suggestions_api,
    views,
)
from search.web.rest import batch, definitions, encoding
from search.web.rest import files as rest_files

register_converter(files.AddressConverter, "address")

urlpatterns = [
    path("", views.search, name="search"),
    path("lines/", lines.search, name="lines"),
    path("files/<file:file_id>/", files.file, name="file"),
    path("files/<file:file_id>/<definition:definition_id>/", views.definition, name="definition"),
    path("files/<file:file_id>/<definition:definition_id>/why/", views.why, name="why"),
    path(
        "files/<file:file_id>/<definition:definition_id>/similar/", views.similar_to, name="similar"
    ),
    path(
        "files/<file:file_id>/<definition:definition_id>/references/",
        references.references,
        name="references",
    ),
    path("r/<address:address>", files.at_address, name="address"),
    path("similar/", views.similar_to_code, name="similar-to-code"),
    path("api/v1/search", api.SearchView.as_view(), name="api-search"),
    path("api/v1/suggestions", suggestions_api.SuggestionsView.as_view(), name="api-suggestions"),
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
    path("api/v1/lines", api.LinesView.as_view(), name="api-lines"),
    path("api/v1/similar", api.SimilarToCodeView.as_view(), name="api-similar-to-code"),
    path(
        "api/v1/files/<file:file_id>/<definition:definition_id>/similar",
        api.SimilarView.as_view(),
        name="api-similar",
    ),
    path(
        "api/v1/definitions/<definition:definition_id>/references",
        references_api.ReferencesView.as_view(),
        name="api-references",
    ),
    path(
        "api/v1/definitions/<definition:definition_id>/callers",
        references_api.CallersView.as_view(),
        name="api-callers",
    ),
    path(
        "api/v1/definitions/<definition:definition_id>/callees",
        references_api.CalleesView.as_view(),
        name="api-callees",
    ),
]
