use super::{Desk, Ids};
use serde_json::{Value, json};

fn desk() -> Desk {
    let mut desk = Desk::new(Ids::new("t".to_owned()));
    desk.event(&event("snapshot", json!({"agent": me("offline"), "offers": [], "workItems": []})));
    desk
}

fn event(kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "type": kind, "sequence": 1, "data": data})
}

fn me(state: &str) -> Value {
    json!({"id": "ana", "name": "Ana", "state": state, "reason": null, "load": 0, "capacity": 100})
}

fn item(id: &str, state: &str, who: &str) -> Value {
    let owner = if matches!(state, "active" | "wrapping") { json!("ana") } else { Value::Null };
    json!({
        "id": id, "state": state, "owner": owner, "queue": "support", "channel": "demo", "mediaType": "sms",
        "customer": {"address": "+1", "name": who},
    })
}

fn message(text: &str) -> Value {
    json!({
        "direction": "inbound", "workItem": {"customer": {"address": "+1", "name": "Kim"}},
        "interaction": {"name": "support-request"}, "parts": [{"type": "text", "text": text}],
    })
}

fn offer(number: u32, who: &str) -> Value {
    let id = format!("i{number}");
    event(
        "offer.created",
        json!({
            "offer": {"id": format!("o{number}"), "workItemId": id, "expiresAt": "T"},
            "workItem": item(&id, "offered", who), "message": message("Hello"), "customer": {"address": "+1", "name": who},
        }),
    )
}

fn accepted(number: u32, who: &str) -> Value {
    let id = format!("i{number}");
    event(
        "offer.accepted",
        json!({"offer": {"id": format!("o{number}"), "workItemId": id}, "workItem": item(&id, "active", who)}),
    )
}

fn command(desk: &mut Desk, line: &str) -> Value {
    let did = desk.typed(line);
    did.command.unwrap_or_else(|| panic!("{line}: {:?}", did.lines))
}

/// A desk that owns these work items.
fn with(owned: &[(u32, &str)]) -> Desk {
    let mut desk = desk();
    for (number, who) in owned {
        desk.event(&offer(*number, who));
        command(&mut desk, "accept");
        desk.event(&accepted(*number, who));
    }
    desk
}

#[test]
fn an_offer_is_shown_and_accepted() {
    let mut desk = desk();
    let lines = desk.event(&offer(1, "Kim"));
    assert_eq!(
        lines,
        ["offer #1: Kim, sms on demo, queue support, until T", "    Kim: Hello", "    accept 1, or reject 1 [REASON]"]
    );
    assert_eq!(command(&mut desk, "accept"), json!({"id": "t-1", "type": "offer.accept", "offerId": "o1"}));
    assert_eq!(desk.event(&accepted(1, "Kim")), ["#1 is yours: what you type goes to Kim"]);
    assert_eq!(
        command(&mut desk, "Hi Kim"),
        json!({"id": "t-2", "type": "message.send", "workItemId": "i1", "text": "Hi Kim"})
    );
    assert_eq!(
        command(&mut desk, "done solved"),
        json!({"id": "t-3", "type": "work-item.complete", "workItemId": "i1", "code": "solved"})
    );
    assert_eq!(
        desk.event(&event("work-item.updated", json!({"workItem": item("i1", "wrapping", "Kim")}))),
        ["#1 Kim: wrapping"]
    );
    assert_eq!(
        desk.event(&event("work-item.closed", json!({"workItem": item("i1", "closed", "Kim")}))),
        ["#1 is closed"]
    );
    assert!(desk.typed("and now?").lines[0].starts_with("nobody hears that"));
}

#[test]
fn the_newest_offer_is_meant_unless_one_is_named() {
    let mut desk = desk();
    desk.event(&offer(1, "Kim"));
    desk.event(&offer(2, "Lou"));
    assert_eq!(command(&mut desk, "accept")["offerId"], "o2");
    assert_eq!(command(&mut desk, "accept 1")["offerId"], "o1");
    assert_eq!(command(&mut desk, "accept #2")["offerId"], "o2");
    assert_eq!(command(&mut desk, "accept o1")["offerId"], "o1");
    assert!(desk.typed("accept 3").lines[0].contains("no offer 3"));
    assert!(desk.typed("accept 0").lines[0].contains("no offer 0"));
    assert_eq!(
        command(&mut desk, "reject 1 not mine"),
        json!({"id": "t-5", "type": "offer.reject", "offerId": "o1", "reason": "not mine"})
    );
    // A number that names no offer is part of the reason.
    assert_eq!(
        command(&mut desk, "reject 9 lives"),
        json!({"id": "t-6", "type": "offer.reject", "offerId": "o2", "reason": "9 lives"})
    );
    assert_eq!(command(&mut desk, "reject"), json!({"id": "t-7", "type": "offer.reject", "offerId": "o2"}));
}

#[test]
fn offers_that_are_over_are_gone() {
    let mut desk = desk();
    desk.event(&offer(1, "Kim"));
    let over = event(
        "offer.expired",
        json!({"offer": {"id": "o1", "workItemId": "i1"}, "workItem": item("i1", "queued", "Kim")}),
    );
    assert_eq!(desk.event(&over), ["offer #1 is over: expired"]);
    assert_eq!(desk.event(&over), Vec::<String>::new());
    assert_eq!(desk.typed("accept").lines, ["nothing is offered"]);
    assert_eq!(desk.typed("reject").lines, ["nothing is offered"]);
}

#[test]
fn what_is_typed_never_goes_to_another_customer_by_itself() {
    let mut desk = with(&[(1, "Kim")]);
    desk.event(&offer(2, "Lou"));
    // Accepted at another desktop of the same agent.
    assert_eq!(desk.event(&accepted(2, "Lou")), ["#2 is yours too: `use 2` to answer Lou"]);
    assert_eq!(command(&mut desk, "Hi")["workItemId"], "i1");
    let lines = desk.event(&event("work-item.closed", json!({"workItem": item("i1", "closed", "Kim")})));
    assert_eq!(lines.len(), 2);
    assert!(desk.typed("Hi").lines[0].contains("use N"));
    desk.event(&event("work-item.updated", json!({"workItem": item("i2", "active", "Lou")})));
    assert_eq!(desk.typed("Hi").command, None);
    assert_eq!(desk.typed("use 2").lines, ["Lou hears you now"]);
    assert_eq!(command(&mut desk, "Hi")["workItemId"], "i2");
}

#[test]
fn a_work_item_that_is_taken_away_is_gone() {
    let mut desk = with(&[(1, "Kim")]);
    let updated = event("work-item.updated", json!({"workItem": item("i1", "queued", "Kim")}));
    assert_eq!(desk.event(&updated), ["#1 isn't yours any more"]);
    // Somebody else's.
    assert_eq!(desk.event(&updated), Vec::<String>::new());
    assert_eq!(desk.typed("done").command, None);
}

#[test]
fn a_snapshot_after_a_gap_keeps_who_hears() {
    let owned = |ids: &[&str]| {
        let items: Vec<_> = ids
            .iter()
            .map(|id| json!({"workItem": item(id, "active", "Kim"), "messages": [message("Hello")]}))
            .collect();
        event("snapshot", json!({"agent": me("available"), "offers": [], "workItems": items}))
    };
    let mut fresh = Desk::new(Ids::new("t".to_owned()));
    let lines = fresh.event(&owned(&["i1"]));
    assert_eq!(lines, ["you are available, load 0 of 100", "#1 Kim: active", "    Kim: Hello"]);
    assert_eq!(command(&mut fresh, "Hi")["workItemId"], "i1");
    fresh.event(&owned(&["i1", "i2"]));
    assert_eq!(command(&mut fresh, "Hi")["workItemId"], "i1");
    fresh.event(&owned(&["i2"]));
    assert_eq!(fresh.typed("Hi").command, None);
}

#[test]
fn many_messages_are_cut_short() {
    let messages: Vec<_> = (0..25).map(|n| message(&n.to_string())).collect();
    let items = json!([{"workItem": item("i1", "active", "Kim"), "messages": messages}]);
    let lines = desk().event(&event("snapshot", json!({"agent": me("busy"), "offers": [], "workItems": items})));
    assert_eq!(lines.len(), 13);
    assert_eq!(lines[2], "    (15 earlier)");
    assert_eq!(lines[12], "    Kim: 24");
}

#[test]
fn messages_and_their_fate_are_shown() {
    let mut desk = with(&[(1, "Kim")]);
    let received =
        event("message.received", json!({"workItem": item("i1", "active", "Kim"), "message": message("And now?")}));
    assert_eq!(desk.event(&received), ["#1 Kim: And now?"]);
    let status = |status: &str, error: Value| {
        event("message.status", json!({"workItemId": "i1", "messageId": "m1", "status": status, "error": error}))
    };
    assert_eq!(desk.event(&status("sent", Value::Null)), Vec::<String>::new());
    assert_eq!(desk.event(&status("delivered", Value::Null)), ["#1 your message: delivered"]);
    let error = json!({"code": "rejected-by-recipient", "message": "no such number"});
    assert_eq!(
        desk.event(&status("failed", error)),
        ["#1 your message: failed: no such number (rejected-by-recipient)"]
    );
}

#[test]
fn refused_commands_are_named() {
    let mut desk = desk();
    let id = command(&mut desk, "busy")["id"].clone();
    assert_eq!(desk.event(&event("command.result", json!({"id": id, "ok": true}))), Vec::<String>::new());
    desk.event(&offer(1, "Kim"));
    let id = command(&mut desk, "accept")["id"].clone();
    let error = json!({"code": "wrong-state", "message": "the offer isn't pending", "state": "expired"});
    let result = event("command.result", json!({"id": id, "ok": false, "error": error}));
    assert_eq!(desk.event(&result), ["refused: accept: the offer isn't pending (it is expired)"]);
}

#[test]
fn presence_is_set_and_shown() {
    let mut desk = desk();
    assert_eq!(
        command(&mut desk, "away lunch"),
        json!({"id": "t-1", "type": "agent.set-state", "state": "away", "reason": "lunch"})
    );
    assert_eq!(command(&mut desk, "available"), json!({"id": "t-2", "type": "agent.set-state", "state": "available"}));
    let mut away = me("away");
    away["reason"] = json!("lunch");
    assert_eq!(desk.event(&event("agent.updated", json!({"agent": away}))), ["you are away (lunch), load 0 of 100"]);
}

#[test]
fn lists_and_help_need_no_server() {
    let mut desk = with(&[(1, "Kim")]);
    desk.event(&offer(2, "Lou"));
    assert_eq!(desk.typed("items").lines, ["  #2 offered  Lou  i2", "> #1 active  Kim  i1"]);
    assert_eq!(desk.typed("help").command, None);
    assert!(desk.typed("quit").quit);
    assert_eq!(desk.typed(""), super::Did::default());
}

#[test]
fn whatever_comes_nothing_breaks() {
    let mut desk = desk();
    for kind in [
        "snapshot",
        "agent.updated",
        "offer.created",
        "offer.accepted",
        "offer.expired",
        "work-item.updated",
        "work-item.closed",
        "message.received",
        "message.changed",
        "message.status",
        "command.result",
        "new.kind",
    ] {
        for data in [Value::Null, json!({}), json!([]), json!({"offer": 1, "workItem": [], "agent": "x", "message": 7})]
        {
            desk.event(&event(kind, data));
        }
        desk.event(&json!({"type": kind}));
    }
    assert_eq!(desk.event(&event("new.kind\u{1b}", Value::Null)), ["(new.kind\\u{1b})"]);
}
