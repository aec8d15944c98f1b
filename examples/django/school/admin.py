from django.contrib import admin

from school.models import ChatEvent, SchoolClass

admin.site.register([SchoolClass, ChatEvent])
