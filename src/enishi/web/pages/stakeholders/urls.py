"""Addresses of relationships, below ``/accounts/``."""

from django.urls import path

from enishi.web.pages.stakeholders import list_views, views

urlpatterns = [
    path("relations/", list_views.relations, name="relations"),
    path("relations/export/", list_views.export_relations, name="relations-export"),
    path("<int:number>/stakeholders/<int:contact>/", views.opinion, name="stakeholder-opinion"),
    path("stakeholders/<int:number>/undo/", views.undo, name="stakeholder-undo"),
    path("stakeholders/moves/<int:number>/<str:verb>/", views.move, name="stakeholder-move"),
]
