//! Customers' files.

use jackfield_sdk::native::{self, answers, pushed, sent};
use jackfield_sdk::{Response, Timer};

use super::{TOKEN, driver, message, take};
use crate::TelegramDriver;

const DOCUMENT: &str =
    r#""caption":"see","document":{"file_id":"D1","file_name":"a.pdf","mime_type":"application/pdf"}"#;

fn with_document() -> (TelegramDriver, native::SetTimer) {
    let driver = driver("{}");
    assert_eq!(take(&driver, &message(DOCUMENT)).len(), 1);
    (driver, native::with(|host| host.timers.remove(0)))
}

#[test]
fn a_file_is_fetched_by_its_path() {
    let (driver, timer) = with_document();
    answers(|sent| {
        Ok(if sent.url.ends_with("/getFile") {
            Response::json(200, r#"{"ok":true,"result":{"file_id":"D1","file_path":"documents/file 7.pdf"}}"#)
        } else {
            Response::new(200, "application/octet-stream", "bytes")
        })
    });
    driver.fired(native::expiry(&timer, 1)).expect("fetched");
    let urls: Vec<String> = sent().into_iter().map(|sent| sent.url).collect();
    assert_eq!(urls[0], format!("https://api.telegram.org/bot{TOKEN}/getFile"));
    assert_eq!(urls[1], format!("https://api.telegram.org/file/bot{TOKEN}/documents/file%207.pdf"));
    let changed = pushed().remove(0);
    let part = changed.attachments().next().expect("the file");
    assert_eq!((part.state.as_str(), part.media_type.as_str(), part.size), ("ready", "application/pdf", Some(5)));
    assert_eq!((changed.text().as_str(), changed.interaction.name.as_str()), ("see", "message.changed"));
}

#[test]
fn what_cannot_be_had_is_failed_and_nothing_leads_elsewhere() {
    for (answer, is_again) in [
        (r#"{"ok":false,"error_code":400,"description":"Bad Request: file is too big"}"#, false),
        (r#"{"ok":true,"result":{"file_path":"../../x"}}"#, false),
        (r#"{"ok":true,"result":{}}"#, true),
        (r#"{"ok":false,"error_code":429,"parameters":{"retry_after":3}}"#, true),
    ] {
        let (driver, timer) = with_document();
        answers(move |_| Ok(Response::json(200, answer)));
        assert_eq!(driver.fired(native::expiry(&timer, 1)).is_err(), is_again, "{answer}");
        assert_eq!(sent().len(), 1);
        if !is_again {
            assert_eq!(pushed()[0].attachments().next().map(|part| part.state.clone()).as_deref(), Some("failed"));
        }
        assert!(native::with(|host| host.log.iter().all(|line| !line.contains(TOKEN))));
    }
}
