from chatserver_client import NotTheChat, webhooks
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from school import chat
from school.models import ChatEvent, SchoolClass


@login_required
def home(request):
    user = request.user
    classes = (user.teaches.all() | user.attends.all()).distinct()
    return render(request, "home.html", {"classes": classes, "unread": chat.unread(user)})


@login_required
def school_class(request, pk):
    one = get_object_or_404(SchoolClass, pk=pk)
    if not one.has(request.user):
        raise Http404
    return render(request, "class.html", {"class": one, "others": one.members().exclude(pk=request.user.pk)})


@login_required
def room(request, pk):
    """With one other person, who shares a class with the one who asks."""
    me = request.user
    for one in (me.teaches.all() | me.attends.all()).distinct():
        other = one.members().exclude(pk=me.pk).filter(pk=pk).first()
        if other is not None:
            return render(request, "room.html", {"other": other, "other_sub": chat.sub(other)})
    raise Http404


@never_cache
@login_required
@require_POST
def chat_token(request):
    """A POST, so that Django's CSRF check stands before it and no cache keeps it."""
    return JsonResponse({"token": chat.token(request.user)})


@csrf_exempt  # the chat has no cookie here: its signature is checked instead
@require_POST
def chat_events(request):
    try:
        event = webhooks.check(settings.CHAT_WEBHOOK_SECRETS, request.headers, request.body)
    except NotTheChat as why:
        return HttpResponseBadRequest(str(why))
    ChatEvent.objects.get_or_create(id=event["id"], defaults={"type": event["type"], "data": event["data"]})
    return HttpResponse(status=204)
