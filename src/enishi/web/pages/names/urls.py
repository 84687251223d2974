"""The address of the names, below ``/setup/names/``."""

from django.urls import path

from enishi.web.pages.names import views

urlpatterns = [path("", views.names, name="names")]
