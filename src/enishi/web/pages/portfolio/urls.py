"""Addresses of the portfolio, below ``/accounts/``."""

from django.urls import path

from enishi.web.pages.portfolio import views

urlpatterns = [
    path("", views.portfolio, name="portfolio"),
    path("past/<str:day>/", views.past, name="portfolio-past"),
    path("views/", views.save, name="portfolio-view-save"),
    path("views/default/", views.choose_default, name="portfolio-view-default"),
    path("views/<int:number>/delete/", views.delete, name="portfolio-view-delete"),
    path("bulk/people/", views.people, name="portfolio-bulk-people"),
    path("bulk/<str:verb>/", views.bulk, name="portfolio-bulk"),
    path("export/", views.export, name="portfolio-export"),
    path("exports/<int:number>/", views.export_progress, name="portfolio-export-progress"),
    path("exports/<int:number>/file/", views.export_file, name="portfolio-export-file"),
]
