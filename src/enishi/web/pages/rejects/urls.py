"""Addresses of the rejects desk, below ``/setup/rejects/``."""

from django.urls import path

from enishi.web.pages.rejects import views

urlpatterns = [
    path("", views.rejects, name="rejects"),
    path("many/", views.many, name="rejects-many"),
    path("bring-back/", views.reopen, name="rejects-reopen"),
    path("<int:number>/", views.show, name="reject"),
    path("<int:number>/replay/", views.replay, name="reject-replay"),
    path("<int:number>/discard/", views.discard, name="reject-discard"),
]
