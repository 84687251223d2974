"""Addresses of the imports, below ``/setup/imports/``."""

from django.urls import path

from enishi.web.pages.imports import result_views, undo_views, views

urlpatterns = [
    path("", views.imports, name="imports"),
    path("new/", views.receive, name="import-new"),
    path("mappings/<int:number>/forget/", views.forget_mapping, name="mapping-forget"),
    path("<int:number>/", views.show, name="import"),
    path("<int:number>/preview/", views.change, name="import-change"),
    path("<int:number>/try/", views.attempt, name="import-try"),
    path("<int:number>/run/", views.run, name="import-run"),
    path("<int:number>/discard/", views.discard, name="import-discard"),
    path("<int:number>/progress/", result_views.progress, name="import-progress"),
    path("<int:number>/rejected/", result_views.download, name="import-rejected"),
    path("<int:number>/rows/<int:reject>/", result_views.correct, name="import-row"),
    path("<int:number>/undo/", undo_views.take_back, name="import-undo"),
]
