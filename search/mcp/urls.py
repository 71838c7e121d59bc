"""The URLs for agents: the endpoint, and the page that says how to connect."""

from django.urls import path

from search.mcp import web

urlpatterns = [
    path("mcp", web.McpView.as_view(), name="mcp"),
    path("agents/", web.agents, name="agents"),
]
