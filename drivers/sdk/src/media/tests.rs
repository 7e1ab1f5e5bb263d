//! Files fetched after the answer, whatever the service.

use crate::error::code;
use crate::native::{self, Host, SetTimer};
use crate::{AttachmentPart, Error, Message, Outgoing, Part, Response, Result, WorkItem};

use super::{File, download, fetch_next, later};

fn message(text: &str, external_id: &str) -> Message {
    let mut file = AttachmentPart::pending(Some("a.png".into()), "image/png");
    file.attributes.push(("x.id".into(), "7".into()));
    Message::support_request("chat", WorkItem::new("c", "+1"))
        .with_event_id("e1")
        .with_external_id(external_id)
        .with_text(text)
        .with_part(Part::Attachment(file))
        .with_part(Part::Attachment(AttachmentPart::pending(None, "text/plain")))
}

fn next_timer() -> SetTimer {
    native::with(|host| host.timers.remove(0))
}

fn pushed() -> Message {
    native::with(|host| host.pushed.remove(0))
}

fn got(blob: &str) -> Result<File> {
    Ok(File { blob: blob.into(), size: 3, media_type: Some("image/webp".into()), name: Some("b.webp".into()) })
}

#[test]
fn the_message_is_pushed_again_after_each() {
    native::install(Host::new());
    later(&message("look", "m1")).expect("noted");
    let first = next_timer();
    assert_eq!((first.name.as_str(), first.delay_ms), ("media/m1/0", 0));
    fetch_next(&native::expiry(&first, 1), |part| {
        assert_eq!(part.attributes, [("x.id".to_owned(), "7".to_owned())]);
        got("sha256-1")
    })
    .expect("fetched");
    let changed = pushed();
    assert_eq!(
        (changed.event_id.as_deref(), changed.interaction.name.as_str()),
        (Some("e1/media/0"), "message.changed")
    );
    assert_eq!((changed.text(), changed.work_item.map(|item| item.conversation)), ("look".into(), Some("c".into())));
    let Part::Attachment(part) = &changed.parts[1] else { panic!("{:?}", changed.parts) };
    // The sender's own name stays; the service knows the type better.
    assert_eq!(
        (part.name.as_deref(), part.media_type.as_str(), part.state.as_str()),
        (Some("a.png"), "image/webp", "ready")
    );

    fetch_next(&native::expiry(&next_timer(), 1), |_| Err(Error::new(code::PERMANENT, "gone"))).expect("given up");
    let states: Vec<String> = pushed().attachments().map(|part| part.state.clone()).collect();
    assert_eq!(states, ["ready", "failed"]);
    native::with(|host| assert!(host.store.is_empty() && host.timers.is_empty(), "nothing is left over"));
}

#[test]
fn long_texts_and_long_ids_fit() {
    native::install(Host::new());
    let id = "i".repeat(400);
    later(&message(&"é".repeat(60_000), &id)).expect("noted");
    native::with(|host| assert!(host.store.len() == 2 && host.store.values().all(|value| value.len() <= 64 << 10)));
    // An edit makes it short: nothing of the long one is left.
    later(&message("short", &id)).expect("noted");
    let timer = next_timer();
    assert!(timer.name.len() <= 128, "{}", timer.name);
    fetch_next(&native::expiry(&timer, 1), |_| got("sha256-1")).expect("fetched");
    assert_eq!(pushed().text(), "short");
}

#[test]
fn what_may_go_better_is_tried_again() {
    native::install(Host::new());
    later(&message("look", "m1")).expect("noted");
    let timer = next_timer();
    for attempt in 1..6 {
        let lost = fetch_next(&native::expiry(&timer, attempt), |_| Err(Error::new(code::MAYBE_SENT, "lost")));
        assert_eq!(lost.expect_err("again").code, "temporary");
    }
    fetch_next(&native::expiry(&timer, 6), |_| Err(Error::new(code::MAYBE_SENT, "lost"))).expect("given up");
    assert_eq!(pushed().attachments().next().map(|part| part.state.clone()).as_deref(), Some("failed"));
}

#[test]
fn messages_without_files_need_nothing() {
    native::install(Host::new());
    later(&Message::support_request("chat", WorkItem::new("c", "+1")).with_external_id("m1")).expect("nothing");
    native::with(|host| assert!(host.store.is_empty() && host.timers.is_empty()));
}

#[test]
fn a_download_is_a_blob() {
    native::install(Host::new().with_http(|_| Ok(Response::new(200, "image/png", "bytes"))));
    let (file, _) = download(Outgoing::new("GET", "https://a.example/f"), 100).expect("a file");
    assert_eq!(file.size, 5);
    native::install(Host::new().with_http(|_| Ok(Response::empty(403))));
    let error = download(Outgoing::new("GET", "https://a.example/f"), 100).expect_err("refused");
    assert_eq!(error.code, "bad-credentials");
}
