"""Addresses of the executive page, below ``/executive/``."""

from django.urls import path

from enishi.web.pages.executive import views

urlpatterns = [
    path("", views.executive, name="executive"),
    path("pdf/", views.pdf, name="executive-pdf"),
]
