"""Addresses of the reading of texts, below ``/health/texts/``."""

from django.urls import path

from enishi.web.pages.texts import act_views, views

urlpatterns = [
    path("", views.texts, name="texts"),
    path("topics/", views.topics, name="texts-topics"),
    path("corrections/", views.corrections, name="texts-corrections"),
    path("learn/", act_views.learn, name="texts-learn"),
    path("learning/", views.learning, name="texts-learning"),
    path("versions/<int:number>/use/", act_views.use, name="texts-version-use"),
    path("<int:number>/", views.chip, name="text"),
    path("<int:number>/correct/", act_views.correct, name="text-correct"),
    path("<int:number>/withdraw/", act_views.withdraw, name="text-withdraw"),
]
