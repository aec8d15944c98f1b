from django.conf import settings
from django.db import models


class SchoolClass(models.Model):
    name = models.CharField(max_length=50)
    teachers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teaches", blank=True)
    pupils = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="attends", blank=True)

    class Meta:
        verbose_name_plural = "school classes"

    def __str__(self):
        return self.name

    @property
    def external_id(self):
        """What the chat calls its conversation by."""
        return f"class-{self.pk}"

    def has(self, user):
        return self.members().filter(pk=user.pk).exists()

    def members(self):
        both = models.Q(teaches=self) | models.Q(attends=self)
        return self.teachers.model.objects.filter(both, is_active=True).distinct().order_by("pk")


class ChatEvent(models.Model):
    """What the chat told, once each: a repeat has the same id."""

    id = models.CharField(primary_key=True, max_length=100)
    type = models.CharField(max_length=50)
    data = models.JSONField()
    came_at = models.DateTimeField(auto_now_add=True)
