"""Addresses of Today, at the root."""

from django.urls import path

from enishi.web.pages.today import views

urlpatterns = [
    path("", views.today, name="today"),
    path("today/queue/", views.queue, name="today-queue"),
    path("today/promises/", views.promises, name="today-promises"),
    path("today/undo/<int:number>/", views.undo, name="today-undo"),
]
