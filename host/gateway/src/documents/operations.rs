//! The REST operations, one entry each: what OpenAPI says is made of it.

use super::schemas::{ITEM_STATES, skills};
use super::shape::{count, field, key, map, maybe, nullable, record, text, time, word};
use serde_json::{Value, json};

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Anybody.
    Anybody,
    /// Agents and operators.
    Known,
    /// Operators of any role.
    Reader,
    /// Operators with the role `supervisor` or `operator`.
    Supervisor,
    /// Operators with the role `operator`.
    Operator,
}

/// What is answered when all is well.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// JSON of a schema, under a status.
    Json(u16, &'static str),
    /// The same, or 204 where there is nothing to say.
    JsonOrNothing(u16, &'static str),
    /// 204.
    Nothing,
    /// Bytes.
    Bytes,
    /// This document.
    Document,
}

/// What is sent with a request.
pub(super) enum Sent {
    /// Nothing.
    Nothing,
    /// A file.
    File,
    /// JSON.
    Json(Value),
}

/// An operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) about: &'static str,
    pub(super) who: Who,
    pub(super) query: Vec<(&'static str, Value, &'static str)>,
    pub(super) headers: Vec<(&'static str, Value, &'static str)>,
    pub(super) sent: Sent,
    pub(super) answer: Answer,
    /// Statuses of refusals, besides those that follow from `who`.
    pub(super) refusals: &'static [u16],
}

impl Operation {
    fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        who: Who,
        answer: Answer,
        refusals: &'static [u16],
        about: &'static str,
    ) -> Self {
        let (query, headers, sent) = (Vec::new(), Vec::new(), Sent::Nothing);
        Self { method, path, id, about, who, query, headers, sent, answer, refusals }
    }

    /// A list in pages.
    fn listed(mut self) -> Self {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 100 });
        self.query.push(("limit", limit, "Entries of a page."));
        self.query.push(("cursor", text(), "Where the page begins: as `next` of the one before says."));
        self
    }

    fn query(mut self, name: &'static str, schema: Value, about: &'static str) -> Self {
        self.query.push((name, schema, about));
        self
    }

    fn header(mut self, name: &'static str, schema: Value, about: &'static str) -> Self {
        self.headers.push((name, schema, about));
        self
    }

    fn sent(self, sent: Sent) -> Self {
        Self { sent, ..self }
    }
}

/// All of them.
pub(super) fn all() -> Vec<Operation> {
    [agents(), blobs(), channels(), customers(), drivers(), quarantine(), work_items()].into_iter().flatten().collect()
}

fn agents() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/v1/agents",
            "listAgents",
            Who::Reader,
            Answer::Json(200, "AgentList"),
            &[400],
            "Agents of the config: presence, load, skills.",
        )
        .listed(),
        Operation::new(
            "get",
            "/v1/queues",
            "listQueues",
            Who::Reader,
            Answer::Json(200, "QueueList"),
            &[400],
            "Queues and what is in them.",
        )
        .listed(),
        Operation::new("get", "/v1/openapi.json", "describe", Who::Anybody, Answer::Document, &[], "This document."),
    ]
}

fn blobs() -> Vec<Operation> {
    vec![
        Operation::new(
            "post",
            "/v1/blobs",
            "uploadBlob",
            Who::Known,
            Answer::Json(201, "Blob"),
            &[400, 408, 413, 429, 503],
            "Hands a file in, 64 MiB at most, so that it can be sent with a message. `Content-Type` is its media type.",
        )
        .query("name", text(), "The file's name.")
        .sent(Sent::File),
        Operation::new(
            "get",
            "/v1/blobs/{digest}",
            "downloadBlob",
            Who::Known,
            Answer::Bytes,
            &[404],
            "A file. Operators read all; agents what they handed in, and what stands in messages of items they see.",
        ),
    ]
}

fn channels() -> Vec<Operation> {
    let after = json!({ "type": "integer", "minimum": 0 });
    vec![
        Operation::new(
            "get",
            "/v1/channels",
            "listChannels",
            Who::Reader,
            Answer::Json(200, "ChannelList"),
            &[400],
            "Channels: who serves them, how they stand.",
        )
        .listed(),
        Operation::new(
            "get",
            "/v1/channels/{id}",
            "showChannel",
            Who::Reader,
            Answer::Json(200, "Channel"),
            &[404],
            "A channel.",
        ),
        Operation::new(
            "get",
            "/v1/channels/{id}/log",
            "readChannelLog",
            Who::Reader,
            Answer::Json(200, "LogLineList"),
            &[400, 404],
            "Lines of a channel's log, in order: the newest, or those after a number.",
        )
        .listed()
        .query("after", after, "Only lines with a higher number."),
        Operation::new(
            "post",
            "/v1/channels/{id}/pause",
            "pauseChannel",
            Who::Operator,
            Answer::Json(200, "Channel"),
            &[404],
            "Lets nothing in or out: webhooks are answered 503, what is to be sent waits.",
        ),
        Operation::new(
            "get",
            "/v1/channels/{id}/records",
            "listRecords",
            Who::Operator,
            Answer::Json(200, "CallRecordList"),
            &[400, 404],
            "What was kept of a recorded channel's calls, newest first.",
        )
        .listed(),
        Operation::new(
            "get",
            "/v1/channels/{id}/records/export",
            "exportRecords",
            Who::Operator,
            Answer::Json(200, "RecordExport"),
            &[400, 404],
            "Records in clear, at most 64 MiB, for replay; that they were taken is journaled.",
        )
        .query(
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 100 }),
            "How many of the newest.",
        )
        .query("record", text(), "All of the instance of this record instead."),
        Operation::new(
            "post",
            "/v1/channels/{id}/resume",
            "resumeChannel",
            Who::Operator,
            Answer::Json(200, "Channel"),
            &[404],
            "Opens a paused channel again.",
        ),
    ]
}

fn customers() -> Vec<Operation> {
    vec![
        Operation::new(
            "delete",
            "/v1/customers/{id}",
            "eraseCustomer",
            Who::Operator,
            Answer::Json(200, "Erased"),
            &[400, 404, 503],
            "Erases what a customer wrote and was written; open work items are closed. `id` is a work item's `customer.id`, \
             or an address on `channel`.",
        )
        .query("channel", text(), "The channel that `id` is an address on."),
    ]
}

fn drivers() -> Vec<Operation> {
    let json = |status| Answer::Json(status, "DriverChange");
    type Text = &'static str;
    let of = |method: Text, path: Text, id: Text, answer: Answer, refusals: &'static [u16], about: Text| {
        Operation::new(method, path, id, Who::Operator, answer, refusals, about)
    };
    vec![
        Operation::new(
            "get",
            "/v1/drivers",
            "listDrivers",
            Who::Reader,
            Answer::Json(200, "DriverList"),
            &[400],
            "Drivers that serve, and those that were put for channels to come.",
        )
        .listed(),
        of(
            "put",
            "/v1/drivers/{name}",
            "loadDriver",
            json(200),
            &[400, 408, 409, 413, 422, 429],
            "Loads a component, 64 MiB at most, and lets it serve every channel that asks for it.",
        )
        .sent(Sent::File),
        of(
            "delete",
            "/v1/drivers/{name}",
            "unloadDriver",
            Answer::JsonOrNothing(200, "DriverChange"),
            &[404, 409, 422],
            "Takes back what was put.",
        ),
        of(
            "post",
            "/v1/drivers/{name}/rollback",
            "rollBackDriver",
            json(200),
            &[404, 409, 422],
            "Goes back to what served before.",
        ),
    ]
}

fn quarantine() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/v1/quarantine",
            "listQuarantine",
            Who::Reader,
            Answer::Json(200, "QuarantinedList"),
            &[400],
            "What no driver could handle.",
        )
        .listed(),
        Operation::new(
            "get",
            "/v1/quarantine/{id}",
            "showQuarantined",
            Who::Operator,
            Answer::Json(200, "QuarantinedWhole"),
            &[404],
            "One of it, with its bytes.",
        ),
        Operation::new(
            "delete",
            "/v1/quarantine/{id}",
            "dropQuarantined",
            Who::Operator,
            Answer::Nothing,
            &[404],
            "Throws it away.",
        ),
        Operation::new(
            "post",
            "/v1/quarantine/{id}/replay",
            "replayQuarantined",
            Who::Operator,
            Answer::Json(200, "Replayed"),
            &[404, 409, 422],
            "Gives it to the driver once more; what it handles is no longer in quarantine.",
        ),
    ]
}

fn work_items() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/v1/work-items",
            "listWorkItems",
            Who::Reader,
            Answer::Json(200, "WorkItemList"),
            &[400],
            "Work items, oldest first.",
        )
        .listed()
        .query("state", word(&ITEM_STATES), "Only those in this state; without it all."),
        Operation::new(
            "get",
            "/v1/work-items/{id}",
            "showWorkItem",
            Who::Known,
            Answer::Json(200, "WorkItem"),
            &[403, 404],
            "A work item; agents see those they own or are asked to take.",
        ),
        Operation::new(
            "get",
            "/v1/work-items/{id}/explain",
            "explainWorkItem",
            Who::Reader,
            Answer::Json(200, "Explanation"),
            &[404],
            "Why it waits, why each agent isn't eligible now and what would change it; and why it went to whom, as the \
             journal recorded it.",
        ),
        Operation::new(
            "get",
            "/v1/work-items/{id}/messages",
            "listMessages",
            Who::Known,
            Answer::Json(200, "Thread"),
            &[400, 403, 404],
            "What was said, in order; with `order=newest` the newest first.",
        )
        .listed()
        .query("order", word(&["oldest", "newest"]), "Which come first."),
        Operation::new(
            "post",
            "/v1/work-items",
            "createWorkItem",
            Who::Supervisor,
            Answer::Json(201, "WorkItem"),
            &[400, 404, 409, 413, 415, 422],
            "Opens a task without a channel, or with `channel` something that will use one. Sent again under the same \
             `Idempotency-Key` within 24 hours it is the first one.",
        )
        .header("Idempotency-Key", key(), "Makes the request safe to repeat.")
        .sent(Sent::Json(task())),
        Operation::new(
            "get",
            "/v1/work-items/pickable",
            "listPickable",
            Who::Known,
            Answer::Json(200, "WorkItemList"),
            &[400, 403],
            "For agents: what waits in queues that leave picking to them and they may take by `work-item.pick`. One page.",
        )
        .query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 100 }), "Entries at most."),
        Operation {
            method: "patch",
            ..supervisors(
                "/v1/work-items/{id}",
                "updateWorkItem",
                "Changes what the order and the choice of an agent depend on.",
                record(
                    "What to change.",
                    [
                        maybe("priority", priority(), "0 to 1000."),
                        maybe("skills", skills(), "All that the agent must have."),
                        maybe("preferredSkills", skills(), "All that is better to have."),
                        if_version(),
                    ],
                ),
            )
        },
        supervisors(
            "/v1/work-items/{id}/cancel",
            "cancelWorkItem",
            "Withdraws an item that nobody ended.",
            record("Why.", [maybe("reason", text(), "For people, up to 1 KiB."), if_version()]),
        ),
        supervisors(
            "/v1/work-items/{id}/requeue",
            "requeueWorkItem",
            "Puts an item back into a queue, its age kept.",
            record("Where to.", [maybe("queue", text(), "Another queue than before."), if_version()]),
        ),
        supervisors(
            "/v1/work-items/{id}/close",
            "closeWorkItem",
            "Ends an item.",
            record("How.", [maybe("code", text(), "A wrap-up code."), if_version()]),
        ),
    ]
}

fn supervisors(path: &'static str, id: &'static str, about: &'static str, sent: Value) -> Operation {
    let answer = Answer::Json(200, "WorkItem");
    Operation::new("post", path, id, Who::Supervisor, answer, &[400, 404, 409, 413, 415, 422, 503], about)
        .sent(Sent::Json(sent))
}

fn priority() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 1000 })
}

fn task() -> Value {
    let customer = record(
        "Who asks; without it, who calls.",
        [field("address", text(), "On the channel, or any."), maybe("name", nullable(text()), "Shown to people.")],
    );
    record(
        "A task. All of it may be left out.",
        [
            maybe("subject", text(), "What it is about."),
            maybe("text", text(), "What is to be done."),
            maybe("queue", text(), "Where to; without it the routes say."),
            maybe("priority", priority(), "Higher first."),
            maybe("skills", skills(), "What the agent must have."),
            maybe("preferredSkills", skills(), "What is better to have."),
            maybe("agent", text(), "Who is asked first."),
            maybe("mediaType", text(), "`task`, if it isn't said."),
            maybe("language", text(), "BCP 47."),
            maybe("customer", customer, "Who asks."),
            maybe("attributes", map(text()), "What a CRM wants to find again."),
            maybe("channel", text(), "The channel that it will use (a callback)."),
            maybe("conversation", text(), "That channel's key of the conversation; without it the customer's address."),
            maybe("notBefore", time(), "Queued then."),
            maybe("expiresAt", time(), "Cancelled then if nobody has it."),
            maybe("parent", text(), "The work item that it goes on from."),
        ],
    )
}

fn if_version() -> super::shape::Field {
    maybe("ifVersion", count(), "Refuse with 409 if the item has another version.")
}
