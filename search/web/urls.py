"""The addresses of searching."""

from django.urls import path

from search.web import api, lines, views

urlpatterns = [
    path("", views.search, name="search"),
    path("lines/", lines.search, name="lines"),
    path("files/<file:file_id>/", views.file, name="file"),
    path("files/<file:file_id>/<definition:definition_id>/", views.definition, name="definition"),
    path("files/<file:file_id>/<definition:definition_id>/why/", views.why, name="why"),
    path(
        "files/<file:file_id>/<definition:definition_id>/similar/", views.similar_to, name="similar"
    ),
    path("similar/", views.similar_to_code, name="similar-to-code"),
    path("api/v1/search", api.SearchView.as_view(), name="api-search"),
    path("api/v1/lines", api.LinesView.as_view(), name="api-lines"),
    path("api/v1/similar", api.SimilarToCodeView.as_view(), name="api-similar-to-code"),
    path(
        "api/v1/files/<file:file_id>/<definition:definition_id>/similar",
        api.SimilarView.as_view(),
        name="api-similar",
    ),
]
