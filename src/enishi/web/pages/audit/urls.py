"""Addresses of the audit log, below ``/audit/``."""

from django.urls import path

from enishi.web.pages.audit import views

urlpatterns = [
    path("", views.audit, name="audit"),
    path("file/", views.export, name="audit-export"),
]
