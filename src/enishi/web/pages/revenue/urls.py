"""Addresses of Revenue, below ``/revenue/``."""

from django.urls import path

from enishi.web.pages.revenue import views

urlpatterns = [
    path("", views.revenue, name="revenue"),
    path("movements/", views.movements, name="revenue-movements"),
    path("movements/export/", views.export_movements, name="revenue-movements-export"),
]
