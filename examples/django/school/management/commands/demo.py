from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from school.models import SchoolClass

PEOPLE = [("teacher", "Tessa", "Teacher"), ("ann", "Ann", "Arden"), ("bob", "Bob", "Bell")]
PASSWORD = "only for trying it out"


class Command(BaseCommand):
    help = f"Makes a class 5b with teacher, ann and bob, whose password is `{PASSWORD}`."

    def handle(self, **_):
        made = [
            get_user_model().objects.create_user(name, password=PASSWORD, first_name=first, last_name=last)
            for name, first, last in PEOPLE
        ]
        one = SchoolClass.objects.create(name="Class 5b")
        one.teachers.add(made[0])
        one.pupils.add(*made[1:])
