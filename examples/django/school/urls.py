from django.contrib import admin
from django.urls import include, path

from school import views

urlpatterns = [
    path("", views.home, name="home"),
    path("classes/<int:pk>/", views.school_class, name="class"),
    path("people/<int:pk>/", views.room, name="room"),
    path("chat/token/", views.chat_token, name="chat-token"),
    path("chat/events/", views.chat_events, name="chat-events"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
]
