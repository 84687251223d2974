"""Addresses of the outbox, below ``/outbox/``."""

from django.urls import path

from enishi.web.pages.outbox import views

urlpatterns = [
    path("", views.outbox, name="outbox"),
    path("<int:number>/", views.message, name="outbox-message"),
    path("<int:number>/again/", views.again, name="outbox-again"),
    path("<int:number>/cancel/", views.cancel_message, name="outbox-cancel"),
]
