//! What is committed is there once, whole, and after a restart.

use super::*;

#[tokio::test]
async fn the_same_event_twice_makes_one_message() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let first = rig.receive("e1", "+1").await;
    assert_eq!(rig.receive("e1", "+1").await, Landed::Duplicate);
    let twice = rig.commit_of(vec![rig.push("e2", "+1"), rig.push("e2", "+1")]);
    let committed = rig.sequencer.commit(twice).await.expect("commits");
    assert_eq!(work_item(&committed.pushes[0]), work_item(&first), "a second message joins the open item");
    assert_eq!(committed.pushes[1], Landed::Duplicate, "also within one call");
    assert_eq!(rig.items().await.len(), 1);
}

#[tokio::test]
async fn a_hundred_at_once_make_one_message_and_one_item() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = Arc::new(open(dir.path()).await);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let rig = rig.clone();
            tokio::spawn(async move { rig.receive("same", "+1").await })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += usize::from(task.await.expect("no panic") != Landed::Duplicate);
    }
    assert_eq!(new, 1);
    assert_eq!(rig.items().await.len(), 1);
    assert_eq!(rig.items().await[0].message_count, 1);
}

#[tokio::test]
async fn the_message_is_stored_as_the_driver_formed_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let push = rig.push("e1", "+1");
    let digest = push.stored.message.digest;
    let id = push.stored.id();
    let committed = rig.sequencer.commit(rig.commit_of(vec![push])).await.expect("commits");
    let item = work_item(&committed.pushes[0]);
    let mut found = rig.sequencer.messages().get(&id).expect("reads").expect("is there");
    let stamped = found.work_item.as_ref().and_then(|item| item.id.clone());
    assert_eq!(stamped.as_deref(), Some(&*item), "an id that the driver made up is replaced");
    assert_eq!(found.digest, digest);
    assert_eq!(jackfield_spec::canonical::digest(&mut found).ok(), digest, "and the digest still fits");
    assert_eq!(rig.sequencer.messages().of_item(&item, None, 10).expect("reads").len(), 1);
}

#[tokio::test]
async fn a_changed_key_is_a_conflict_and_nothing_of_the_call_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let write = |value: &str| Some(StoreWrite { value: value.as_bytes().to_vec(), expires_at: None });
    let mut first = rig.commit_of(Vec::new());
    first.reads.insert("count".to_owned(), 0);
    first.writes.insert("count".to_owned(), write("1"));
    let mut second = first.clone();
    second.pushes = vec![rig.push("e1", "+1")];
    rig.sequencer.commit(first).await.expect("commits");
    let error = rig.sequencer.commit(second.clone()).await.expect_err("the key was changed");
    assert_eq!(error, CommitError::Conflict { key: "count".to_owned() });
    assert!(rig.items().await.is_empty(), "its push is not there");
    let version = rig.sequencer.reader().store_get("line", "count", 0).expect("reads").version;
    second.reads.insert("count".to_owned(), version);
    rig.sequencer.commit(second).await.expect("with the new version it goes through");
    assert_eq!(rig.items().await.len(), 1);
}

#[tokio::test]
async fn two_calls_that_read_the_same_key_at_once_cannot_both_win() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let mut commit = rig.commit_of(Vec::new());
    commit.reads.insert("count".to_owned(), 0);
    commit.writes.insert("count".to_owned(), Some(StoreWrite { value: b"1".to_vec(), expires_at: None }));
    let (one, two) = tokio::join!(rig.sequencer.commit(commit.clone()), rig.sequencer.commit(commit));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

#[tokio::test]
async fn after_a_restart_the_state_is_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    let (before, item) = {
        let rig = open(dir.path()).await;
        let item = work_item(&rig.receive("e1", "+1").await);
        rig.receive("e2", "+2").await;
        let before = rig.state().await;
        rig.sequencer.stop().await;
        (before, item)
    };
    let rig = open(dir.path()).await;
    assert_eq!(rig.receive("e1", "+1").await, Landed::Duplicate, "known over the restart");
    assert_eq!(rig.items().await.len(), 2);
    assert!(rig.items().await.iter().any(|found| found.id == item));
    // A restart is an event of its own; everything else is as before.
    let items = |state: &str| serde_json::from_str::<serde_json::Value>(state).expect("JSON")["items"].clone();
    assert_eq!(items(&rig.state().await), items(&before));
}

#[tokio::test]
async fn an_offer_is_announced_with_its_message_and_answers_go_out_as_effects() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut rig = open(dir.path()).await;
    let connected = Command::Connected { agent: "ana".into(), connection: "c1".into() };
    rig.sequencer.command(connected).await.expect("commits");
    rig.agent("1", Action::SetState { state: Presence::Available, reason: None, media_type: None }).await;
    let item = work_item(&rig.receive("e1", "+1").await);
    let offer = loop {
        let announcement = rig.notices.recv().await.expect("an offer comes");
        if let jackfield_router::AgentEvent::OfferCreated { offer, .. } = announcement.notice.body {
            assert!(announcement.message.is_some(), "the message is at hand");
            break offer;
        }
    };
    assert_eq!(rig.agent("2", Action::Accept { offer: offer.id.clone() }).await, Reply::Done);
    let now = Timestamp::from_millis(rig.sequencer.now()).expect("in range");
    let answer = Message { event_id: None, ..message("", "+1") };
    let stored = Stored::new(rig.sequencer.keys(), "line", Direction::Outbound, now, answer).expect("plain data");
    let id = stored.id();
    let send = Action::Send {
        work_item: item,
        message_id: id.as_str().into(),
        idempotency_key: Some("k".into()),
        if_version: None,
    };
    let command = |n: &str| Command::Agent { agent: "ana".into(), id: n.into(), action: send.clone() };
    let reply = rig.sequencer.command_with(command("3"), Some(stored.clone())).await.expect("commits");
    assert_eq!(reply, Reply::Sending { message_id: id.as_str().into() });
    let again = rig.sequencer.command_with(command("4"), Some(stored)).await.expect("commits");
    assert_eq!(again, reply, "the same key has the first result, and no second body");
    let effect = rig.effects.recv().await.expect("a delivery comes");
    assert!(matches!(effect, Effect::Deliver(deliver) if *deliver.message_id == *id));
    assert!(rig.effects.try_recv().is_err(), "only one");
}

#[tokio::test]
async fn only_the_customer_id_that_the_server_gave_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let keys = rig.sequencer.keys();
    let theirs = hex::encode(keys.customer("line", "+1"));
    let now = Timestamp::from_millis(rig.sequencer.now()).expect("in range");
    for (claimed, kept) in [("made-up", None), (theirs.as_str(), Some(theirs.as_str()))] {
        let mut message = message("e1", "+1");
        if let Some(item) = &mut message.work_item {
            item.customer.id = Some(claimed.to_owned());
        }
        let stored = Stored::new(keys, "line", Direction::Inbound, now, message).expect("plain data");
        let item = stored.message.work_item.as_ref().expect("a work item");
        assert_eq!(item.customer.id.as_deref(), kept, "{claimed}");
    }
}

#[tokio::test]
async fn a_journal_does_not_go_on_under_another_key() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    rig.receive("e1", "+1").await;
    rig.sequencer.stop().await;
    drop(rig);
    std::fs::remove_file(dir.path().join("key")).expect("the key");
    let (notices, _) = mpsc::unbounded_channel();
    let (effects, _) = mpsc::unbounded_channel();
    let settings = Settings { clock: system_clock(), running: running_clock(), outputs: Outputs { notices, effects } };
    let error = start(dir.path(), settings).err().expect("it refuses").to_string();
    assert!(error.contains("restore it from a backup"), "{error}");
    assert!(!dir.path().join("key").exists(), "no new one is made");
}

#[tokio::test]
async fn time_that_is_due_needs_no_command() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut rig = open(dir.path()).await;
    let mut commit = rig.commit_of(Vec::new());
    let due = Timestamp::from_millis(START + 1).expect("in range");
    commit.timers = vec![TimerChange::Set { name: "poll".to_owned(), due, payload: String::new() }];
    rig.time.store(START + 10, Ordering::Relaxed);
    rig.sequencer.commit(commit).await.expect("commits");
    let effect = rig.effects.recv().await.expect("the timer fires");
    assert!(matches!(effect, Effect::FireTimer { name, .. } if &*name == "poll"));
}

#[tokio::test]
async fn an_ended_item_is_listed_from_the_database() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let item = work_item(&rig.receive("e1", "+1").await);
    let close = jackfield_router::OperatorAction::Close { code: Some("spam".to_owned()) };
    let command = Command::Operator { name: "ops".into(), item: item.clone(), if_version: None, action: close };
    assert_eq!(rig.sequencer.command(command).await.expect("commits"), Reply::Done);
    assert!(rig.items().await.is_empty());
    let id = uuid::Uuid::parse_str(&item).expect("an id").into_bytes();
    let row = rig.sequencer.reader().work_item(&id).expect("reads").expect("is there");
    assert_eq!(row.state, "closed");
    let kept: jackfield_router::WorkItem = serde_json::from_slice(&row.json).expect("a work item");
    assert_eq!(kept.code.as_deref(), Some("spam"));
}

#[tokio::test]
async fn who_did_what_is_on_record_also_where_nothing_else_happened() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let audit = Audit {
        by: "operator ops".to_owned(),
        action: "driver.loaded".to_owned(),
        subject: "telegraph".to_owned(),
        detail: "x".repeat(5_000),
    };
    let commit = Commit { cause: "audit".to_owned(), audit: vec![audit.clone()], ..Commit::default() };
    assert!(!commit.is_empty());
    rig.sequencer.commit(commit).await.expect("commits");
    let records = rig.sequencer.reader().records(1, 100).expect("reads");
    let last: Entry = serde_json::from_slice(&records.last().expect("a record").payload).expect("an entry");
    assert_eq!(last.cause, "audit");
    assert_eq!(last.audit, [Audit { detail: "x".repeat(1_024), ..audit }], "a detail is cut");
}
