"""What the server of the application around the chat is told, and how it says so."""

from __future__ import annotations

from handlers import webhook_schemas as schemas
from handlers import webhooks
from handlers.description import shapes
from handlers.description import webhook_shapes as told
from handlers.description.operations.operation import Answer, Operation

WEBHOOKS = "Webhooks"
OF_HOST = ("token_missing", "token_invalid", "forbidden")
SCOPE = "Takes the scope `webhooks`."
WEBHOOK = ("webhook_id", "One of the webhooks.")

OPERATIONS: dict[tuple[type, str], Operation] = {
    (webhooks.WebhooksHandler, "GET"): Operation(
        "list_webhooks",
        WEBHOOKS,
        "List the webhooks",
        {200: Answer(told.Webhooks, "Without their secrets.")},
        SCOPE,
        codes=OF_HOST,
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
        codes=(*OF_HOST, "limit_reached", "idempotency_conflict"),
        by_host=True,
    ),
    (webhooks.OneWebhookHandler, "GET"): Operation(
        "get_webhook",
        WEBHOOKS,
        "Look at a webhook",
        {200: Answer(told.Webhook, "How it is.")},
        SCOPE,
        path=WEBHOOK,
        codes=OF_HOST,
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
        codes=OF_HOST,
        by_host=True,
    ),
    (webhooks.OneWebhookHandler, "DELETE"): Operation(
        "delete_webhook",
        WEBHOOKS,
        "Delete a webhook",
        {200: Answer(shapes.Done, "With everything that waits for it.")},
        SCOPE,
        path=WEBHOOK,
        codes=OF_HOST,
        by_host=True,
    ),
    (webhooks.WebhookTestHandler, "POST"): Operation(
        "test_webhook",
        WEBHOOKS,
        "Try a webhook",
        {202: Answer(told.Delivery, "On its way; look it up among the deliveries by its `id`.")},
        f"Sends it an event of the type `webhook.test`, whatever it listens to. {SCOPE}",
        path=WEBHOOK,
        codes=(*OF_HOST, "validation_error"),
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
        codes=OF_HOST,
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
        codes=OF_HOST,
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
        codes=OF_HOST,
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
        codes=(*OF_HOST, "limit_reached"),
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
        codes=OF_HOST,
        by_host=True,
    ),
}
