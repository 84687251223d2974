"""Addresses of a member's own settings, below ``/me/``."""

from django.urls import path

from enishi.web.pages.me import views

urlpatterns = [
    path("", views.me, name="me"),
]
