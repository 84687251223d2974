"""Addresses of the keys, below ``/setup/keys/``."""

from django.urls import path

from enishi.web.pages.keys import views

urlpatterns = [
    path("", views.keys, name="keys"),
    path("write/new/", views.make_write_key, name="write-key-new"),
    path("write/<int:number>/", views.change_write_key, name="write-key"),
    path("write/<int:number>/revoke/", views.revoke_write_key, name="write-key-revoke"),
    path("api/new/", views.make_api_key, name="api-key-new"),
    path("api/<int:number>/revoke/", views.revoke_api_key, name="api-key-revoke"),
]
