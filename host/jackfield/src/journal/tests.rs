use super::history::Item;
use super::{dump, history, replay, time_of, verify};
use jackfield_journal::{Batch, Journal, NewRecord, Record, SqliteJournal};
use jackfield_router::{Action, AgentConfig, Command, Config, Presence, Received, State, decide};
use jackfield_sequencer::{Entry, MessageEntry};
use jackfield_spec::Digest;
use serde_json::{Value, json};
use std::path::Path;

const MESSAGE: &str = "11111111-1111-7111-8111-111111111111";

fn request(message: &str, conversation: &str) -> Command {
    Command::Receive(Box::new(Received {
        message_id: message.into(),
        channel: "demo".into(),
        conversation: conversation.into(),
        media_type: "sms".into(),
        interaction: "support-request".to_owned(),
        support_request: true,
        ..Received::default()
    }))
}

fn of_agent(id: &str, action: Action) -> Command {
    Command::Agent { agent: "ana".into(), id: id.into(), action }
}

/// What a server with one agent wrote: two requests, the first of which is offered, accepted and ended.
fn story() -> (State, Vec<Entry>) {
    let mut state = State::default();
    let mut entries = Vec::new();
    let mut at = 1_000;
    let mut command = |state: &mut State, command: &Command| {
        at += 1;
        let decision = decide(state, command, at);
        let events = decision.events;
        let messages = Vec::new();
        let cause = command.kind().to_owned();
        entries.push(Entry {
            at: decision.at,
            cause,
            channel: None,
            events,
            messages,
            external_ids: Vec::new(),
            erased: None,
            store: Vec::new(),
            blobs: Vec::new(),
            audit: Vec::new(),
        });
    };
    let agents = [("ana".into(), AgentConfig::default())].into();
    let config = Box::new(Config { agents, ..Config::default() });
    command(&mut state, &Command::Configure { salt: 7, config });
    let connection = "c1".into();
    command(&mut state, &Command::Connected { agent: "ana".into(), connection });
    let available = Presence::Available;
    command(&mut state, &of_agent("1", Action::SetState { state: available, reason: None, media_type: None }));
    command(&mut state, &request(MESSAGE, "k1"));
    let offer = state.offers().keys().next().unwrap().clone();
    command(&mut state, &of_agent("2", Action::Accept { offer }));
    let item = first(&state);
    command(&mut state, &request("22222222-2222-7222-8222-222222222222", "k2"));
    let code = Some("solved".to_owned());
    command(&mut state, &of_agent("3", Action::Complete { work_item: item.as_str().into(), code, if_version: None }));
    entries[3].messages.push(MessageEntry {
        id: MESSAGE.to_owned(),
        channel: "demo".to_owned(),
        conversation: "k1".to_owned(),
        work_item: Some(item),
        inbound: true,
        digest: None,
        body: Digest([0; 32]),
    });
    (state, entries)
}

fn first(state: &State) -> String {
    state.items().keys().next().unwrap().to_string()
}

fn write(dir: &Path, entries: &[Entry]) -> SqliteJournal {
    let mut journal = SqliteJournal::open(dir).unwrap();
    let record =
        |entry: &Entry| NewRecord { at: i64::try_from(entry.at).unwrap(), payload: serde_json::to_vec(entry).unwrap() };
    let records = entries.iter().map(record).collect();
    let batch = Batch { records, bodies: Vec::new(), rows: Vec::new() };
    journal.append(0, batch).unwrap();
    journal
}

fn summary(dir: &Path, to: Option<u64>) -> Value {
    replay::summary(&replay::replay(dir, to).unwrap())
}

#[test]
fn replay_makes_the_state_and_finds_the_snapshot_equal() {
    let dir = tempfile::tempdir().unwrap();
    let (state, entries) = story();
    let journal = write(dir.path(), &entries);
    journal.write_snapshot(7, &serde_json::to_vec(&state).unwrap()).unwrap();
    // Also while a server holds the folder.
    assert_eq!(summary(dir.path(), None)["snapshot"]["compared"], true);
    drop(journal);

    let whole = summary(dir.path(), None);
    assert_eq!(whole["records"], 7);
    assert_eq!(whole["head"], 7);
    assert_eq!(whole["at"], "1970-01-01T00:00:01.007Z");
    assert_eq!(whole["workItems"], json!({"offered": 1}));
    assert_eq!(whole["agents"], json!({"available": 1}));
    assert_eq!(whole["invariants"], json!({"hold": true, "problem": null}));
    assert_eq!(whole["snapshot"], json!({"compared": true, "seq": 7, "equal": true}));
    assert!(replay::run(dir.path(), None, true).is_ok());

    let before = summary(dir.path(), Some(4));
    assert_eq!(before["head"], 4);
    assert_eq!(before["workItems"], json!({"offered": 1}));
    assert_eq!(before["snapshot"], Value::Null);
}

#[test]
fn a_snapshot_that_differs_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let (_, entries) = story();
    let journal = write(dir.path(), &entries);
    journal.write_snapshot(7, &serde_json::to_vec(&State::default()).unwrap()).unwrap();
    drop(journal);
    assert_eq!(summary(dir.path(), None)["snapshot"]["equal"], false);
    assert_eq!(replay::run(dir.path(), None, false).unwrap_err().code(), 1);
}

#[test]
fn a_folder_without_a_journal_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(replay::run(dir.path(), None, false).unwrap_err().code(), 1);
    assert_eq!(dump::run(dir.path(), 1, 1).unwrap_err().code(), 1);
    assert_eq!(verify::run(dir.path(), false).unwrap_err().code(), 1);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_work_item_has_a_history() {
    let (_, entries) = story();
    let id = entries[3].messages[0].work_item.clone().unwrap();
    let mut item = Item::new(&id);
    let steps: Vec<_> = entries.iter().map(|entry| item.step(entry).unwrap()).collect();
    let touched: Vec<_> = steps.iter().map(Option::is_some).collect();
    assert_eq!(touched, [false, false, false, true, true, false, true]);
    let lines: Vec<_> =
        (1..).zip(&steps).filter_map(|(seq, step)| Some(step.as_ref()?.as_lines(seq, "T"))).flatten().collect();
    let text = lines.join("\n");
    assert_eq!(lines[0], "4  T  receive");
    assert_eq!(lines[1], format!("    message inbound {MESSAGE}"));
    assert!(text.contains(&format!("item-opened  item.id={id}")), "{text}");
    assert!(text.contains("item-queued  actor=driver demo  cause=support-request"), "{text}");
    assert!(text.contains("offer.agent=ana"), "{text}");
    // The offer is known by the item; its end names the offer only.
    assert!(text.contains("5  T  offer.accept\n    offer-accepted  offer="), "{text}");
    assert!(text.contains("item-closed  actor=agent ana  cause=completed  code=solved"), "{text}");
}

#[test]
fn a_work_item_that_is_not_there_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    drop(write(dir.path(), &story().1));
    assert_eq!(history::run(dir.path(), None, "nothing", false).unwrap_err().code(), 1);
    let id = story().1[3].messages[0].work_item.clone().unwrap();
    assert!(history::run(dir.path(), None, &id, true).is_ok());
    // Not yet opened there.
    assert_eq!(history::run(dir.path(), Some(3), &id, false).unwrap_err().code(), 1);
}

#[test]
fn a_dumped_record_is_one_line_of_json() {
    let record = |payload: &[u8]| Record { seq: 3, at: 1_000, payload: payload.to_vec(), hash: [0xab; 32] };
    let line = dump::line(&record(br#"{"at":1,"unknown":{"b":1,"a":2}}"#)).unwrap();
    let hash = "ab".repeat(32);
    assert_eq!(
        line,
        format!(
            r#"{{"seq":3,"at":"1970-01-01T00:00:01.000Z","hash":"{hash}","entry":{{"at":1,"unknown":{{"b":1,"a":2}}}}}}"#
        )
    );
    let line = dump::line(&record(b"\xff")).unwrap();
    assert!(line.ends_with(r#""entry":null,"payload":"ff"}"#), "{line}");
    assert_eq!(time_of(-1), "-1");
}

#[test]
fn a_sound_folder_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let journal = write(dir.path(), &story().1);
    assert!(verify::run(dir.path(), true).is_ok());
    drop(journal);
    std::fs::write(dir.path().join("snapshots/5.snap"), b"torn").unwrap();
    assert_eq!(verify::run(dir.path(), false).unwrap_err().code(), 1);
}
