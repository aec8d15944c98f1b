"""What the server of the application around the chat is told, and how it says so."""

from __future__ import annotations

from handlers import hooks, webhooks
from handlers import webhook_schemas as schemas
from handlers.description import shapes
from handlers.description import webhook_shapes as told
from handlers.description.operations.host import scope
from handlers.description.operations.operation import Answer, Operation

WEBHOOKS = "Webhooks"
SCOPE = scope("webhooks")
WEBHOOK = ("webhook_id", "One of the webhooks.")

OPERATIONS: dict[tuple[type, str], Operation] = {
    (webhooks.WebhooksHandler, "GET"): Operation(
        "list_webhooks",
        WEBHOOKS,
        "List the webhooks",
        {200: Answer(told.Webhooks, "Without their secrets.")},
        SCOPE,
        by_host=True,
    ),
    (webhooks.WebhooksHandler, "POST"): Operation(
        "create_webhook",
        WEBHOOKS,
        "Be told of events",
        {
            201: Answer(told.MadeWebhook, "Told of everything that happens from now on."),
            200: Answer(told.MadeWebhook, "A repeat: the first one.", ("Idempotency-Replayed",)),
        },
        "Events come by POST, signed by Standard Webhooks 1.0, each at least once, in order within a conversation, "
        f"through 75 hours in which they are not taken; docs/webhooks.md has all of it. At most 20. {SCOPE}",
        body=schemas.NewWebhook,
        codes=("limit_reached", "idempotency_conflict"),
        by_host=True,
    ),
    (webhooks.OneWebhookHandler, "GET"): Operation(
        "get_webhook",
        WEBHOOKS,
        "Look at a webhook",
        {200: Answer(told.Webhook, "How it is.")},
        SCOPE,
        path=WEBHOOK,
        by_host=True,
    ),
    (webhooks.OneWebhookHandler, "PATCH"): Operation(
        "change_webhook",
        WEBHOOKS,
        "Change a webhook, or switch it on again",
        {200: Answer(told.Webhook, "As changed. What waits is tried at once.")},
        SCOPE,
        path=WEBHOOK,
        body=schemas.ChangedWebhook,
        by_host=True,
    ),
    (webhooks.OneWebhookHandler, "DELETE"): Operation(
        "delete_webhook",
        WEBHOOKS,
        "Delete a webhook",
        {200: Answer(shapes.Done, "With everything that waits for it.")},
        SCOPE,
        path=WEBHOOK,
        by_host=True,
    ),
    (webhooks.WebhookTestHandler, "POST"): Operation(
        "test_webhook",
        WEBHOOKS,
        "Try a webhook",
        {202: Answer(told.Delivery, "On its way; look it up among the deliveries by its `id`.")},
        f"Sends it an event of the type `webhook.test`, whatever it listens to. {SCOPE}",
        path=WEBHOOK,
        codes=("validation_error",),
        by_host=True,
    ),
    (webhooks.WebhookSecretHandler, "POST"): Operation(
        "rotate_webhook_secret",
        WEBHOOKS,
        "Give a webhook a new secret",
        {200: Answer(told.MadeWebhook, "With the new secret. Until the overlap is over both sign.")},
        SCOPE,
        path=WEBHOOK,
        body=schemas.RotateSecret,
        by_host=True,
    ),
    (webhooks.DeliveriesHandler, "GET"): Operation(
        "list_deliveries",
        WEBHOOKS,
        "See what became of events",
        {200: Answer(told.Deliveries, "With their attempts.")},
        f"What was taken is kept for 3 days, what was given up for 30. {SCOPE}",
        path=WEBHOOK,
        query=schemas.DeliveryPage,
        by_host=True,
    ),
    (webhooks.ReplayHandler, "POST"): Operation(
        "replay_deliveries",
        WEBHOOKS,
        "Be told again",
        {202: Answer(told.Replayed, "They wait again, from their first attempt on.")},
        f"Events that were taken or given up, by the time at which they happened, and that are still kept. {SCOPE}",
        path=WEBHOOK,
        body=schemas.Replay,
        by_host=True,
    ),
    (webhooks.PullHandler, "GET"): Operation(
        "pull_events",
        WEBHOOKS,
        "Ask for events",
        {200: Answer(told.HostEvents, "Perhaps none.")},
        "For webhooks of the kind `pull`. What is given is given again after 60 seconds unless it is acknowledged; until "
        f"then nothing further of the same conversations is. {SCOPE}",
        path=WEBHOOK,
        query=schemas.Pull,
        codes=("limit_reached",),
        by_host=True,
    ),
    (webhooks.AcknowledgeHandler, "POST"): Operation(
        "acknowledge_events",
        WEBHOOKS,
        "Acknowledge events",
        {200: Answer(told.Counted, "They do not come again.")},
        SCOPE,
        path=WEBHOOK,
        body=schemas.Acknowledge,
        by_host=True,
    ),
    (hooks.HooksHandler, "GET"): Operation(
        "list_hooks",
        WEBHOOKS,
        "List the hooks",
        {200: Answer(told.Hooks, "Without their secrets.")},
        SCOPE,
        by_host=True,
    ),
    (hooks.SendHookHandler, "PUT"): Operation(
        "put_send_hook",
        WEBHOOKS,
        "Be asked before each message",
        {201: Answer(told.MadeHook, "Asked from now on."), 200: Answer(told.MadeHook, "As it is now.")},
        "Your address answers 200 with `{decision: allow | deny | replace, text?, code?, reason?, cache_secs?}`; all "
        f"else is a failure, and `on_failure` says what it means. docs/webhooks.md has all of it. {SCOPE}",
        body=schemas.PutHook,
        by_host=True,
    ),
    (hooks.SendHookHandler, "DELETE"): Operation(
        "delete_send_hook",
        WEBHOOKS,
        "Be asked before messages no longer",
        {200: Answer(shapes.Done, "Made again, it has another secret.")},
        SCOPE,
        codes=("not_found",),
        by_host=True,
    ),
    (hooks.OpenHookHandler, "PUT"): Operation(
        "put_open_hook",
        WEBHOOKS,
        "Be asked before somebody is contacted",
        {201: Answer(told.MadeHook, "Asked from now on."), 200: Answer(told.MadeHook, "As it is now.")},
        f"Before the first message from one person to another. Answers as for messages, but for `replace`. {SCOPE}",
        body=schemas.PutHook,
        by_host=True,
    ),
    (hooks.OpenHookHandler, "DELETE"): Operation(
        "delete_open_hook",
        WEBHOOKS,
        "Be asked before contacts no longer",
        {200: Answer(shapes.Done, "Made again, it has another secret.")},
        SCOPE,
        codes=("not_found",),
        by_host=True,
    ),
    (hooks.PoliciesHandler, "DELETE"): Operation(
        "forget_policies",
        WEBHOOKS,
        "Be asked again",
        {200: Answer(shapes.Done, "What was allowed for some time (`cache_secs`) is asked anew.")},
        SCOPE,
        query=schemas.Policies,
        codes=("not_found",),
        by_host=True,
    ),
}
