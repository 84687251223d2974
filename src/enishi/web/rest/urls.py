"""Addresses of the REST API."""

from __future__ import annotations

from django.urls import path

from enishi.web.rest.api import api

urlpatterns = [path("", api.urls)]
