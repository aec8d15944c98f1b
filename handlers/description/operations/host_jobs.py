"""Long work that the servers of the application around the chat ask for."""

from __future__ import annotations

from handlers import host_jobs, schemas
from handlers.description import job_shapes
from handlers.description.operations.host import HOST, scope
from handlers.description.operations.operation import Answer, Operation

JOB = ("job_id", "One of the jobs.")
IMPORT = scope("import")
OF_KIND = "Takes the scope that the kind of the job does."

OPERATIONS: dict[tuple[type, str], Operation] = {
    (host_jobs.RetentionHandler, "PUT"): Operation(
        "keep_messages",
        HOST,
        "Say how long a conversation's messages are kept",
        {200: Answer(job_shapes.Kept, "As it is from now on.")},
        f"{scope('conversations:write')} Older ones are deleted for everybody, with their files, within hours. What "
        "is left out is as if it had never been said: name both, or neither to go back to the setting.",
        body=schemas.Keep,
        codes=("not_found",),
        by_host=True,
    ),
    (host_jobs.JobsHandler, "POST"): Operation(
        "create_job",
        HOST,
        "Begin an import or an export",
        {
            201: Answer(job_shapes.Job, "Begun: give an import its parts, then commit it."),
            200: Answer(job_shapes.Job, "A repeat: the job that the first one began, as it is now."),
        },
        f"{OF_KIND} What was written elsewhere comes in as lines, described in docs/host.md, and an export writes such "
        "lines. An import is forgotten after seven days without a commit.",
        body=schemas.NewJob,
        codes=("idempotency_conflict", "limit_reached"),
        by_host=True,
    ),
    (host_jobs.JobHandler, "GET"): Operation(
        "get_job",
        HOST,
        "Look at a job",
        {
            200: Answer(
                job_shapes.Job, "How far it is. Kept for three days after its end, for thirty if it failed."
            )
        },
        OF_KIND,
        path=JOB,
        codes=("not_found",),
        by_host=True,
    ),
    (host_jobs.JobHandler, "DELETE"): Operation(
        "cancel_job",
        HOST,
        "Cancel a job",
        {
            200: Answer(
                job_shapes.Job, "As it is now: what it did is being taken back. One that is over stays over."
            )
        },
        f"{OF_KIND} An import can be cancelled until its first conversation opens; people whom it made stay. An export "
        "can be cancelled until it is done.",
        path=JOB,
        codes=("not_found", "conflict"),
        by_host=True,
    ),
    (host_jobs.PartHandler, "GET"): Operation(
        "get_job_part",
        HOST,
        "Get a part of an export",
        {200: Answer(None, "JSON Lines, as an import takes them.", media="application/jsonl")},
        f"{scope('export')} Parts are there as soon as the job counts them in `parts`, for one day.",
        within=JOB,
        path=("part", "From 1 on."),
        codes=("not_found",),
        by_host=True,
    ),
    (host_jobs.PartHandler, "PUT"): Operation(
        "put_job_part",
        HOST,
        "Give a part of an import",
        {
            201: Answer(job_shapes.Part, "Taken."),
            200: Answer(job_shapes.Part, "The same bytes were taken before."),
        },
        f"{IMPORT} JSON Lines, at most 8 MiB and 10,000 lines. Parts may come in any order and at once. The body must be "
        "there within ten seconds (`body_secs`): take smaller parts over a slow line.",
        lines=True,
        within=JOB,
        path=("part", "From 1 on, without gaps; at most 1,000. Lines count in this order."),
        codes=("validation_error", "not_found", "conflict", "payload_too_large"),
        by_host=True,
    ),
    (host_jobs.CommitHandler, "POST"): Operation(
        "commit_job",
        HOST,
        "Commit an import",
        {202: Answer(job_shapes.Job, "It is worked at from now on. A repeat changes nothing.")},
        f"{IMPORT} First every line is looked at: with a single error nothing is written, and `errors` says where. Then "
        "all is written, and then shown, conversation by conversation. Look at the job to see how far it is.",
        path=JOB,
        codes=("not_found", "conflict"),
        by_host=True,
    ),
}
