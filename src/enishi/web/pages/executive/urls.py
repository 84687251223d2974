"""Addresses of the executive page, below ``/executive/``."""

from django.urls import path

from enishi.web.pages.executive import views

urlpatterns = [
    path("", views.executive, name="executive"),
    path("losses/", views.losses, name="executive-losses"),
    path("pdf/", views.pdf, name="executive-pdf"),
    path("pdf/<int:number>/", views.print_progress, name="executive-print"),
    path("pdf/<int:number>/file/", views.print_file, name="executive-print-file"),
]
