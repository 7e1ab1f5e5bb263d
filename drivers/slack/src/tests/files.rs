//! Customers' files.

use jackfield_sdk::native::{self, answers, pushed, sent, timer};
use jackfield_sdk::{Response, Timer, header_of};

use super::{TOKEN, driver, message, take};
use crate::SlackDriver;

fn with_file(fields: &str) -> SlackDriver {
    let driver = driver("{}");
    let file = format!(
        r#""text":"see","subtype":"file_share","files":[{{"id":"F1","name":"a.pdf","mimetype":"application/pdf","size":4,{fields}}}]"#
    );
    let message = take(&driver, message(&file)).remove(0);
    assert_eq!(message.text(), "see");
    driver
}

fn state() -> String {
    pushed().remove(0).attachments().next().map(|part| part.state.clone()).expect("the file")
}

#[test]
fn a_file_is_fetched_with_the_token() {
    let driver = with_file(
        r#""url_private":"https://files.slack.com/files-pri/T1-F1/a.pdf","url_private_download":"https://files.slack.com/files-pri/T1-F1/download/a.pdf""#,
    );
    answers(|_| Ok(Response::new(200, "application/pdf", "%PDF")));
    driver.fired(native::expiry(&timer("media/"), 1)).expect("fetched");
    let asked = sent().remove(0);
    assert_eq!(asked.url, "https://files.slack.com/files-pri/T1-F1/download/a.pdf");
    assert_eq!(header_of(&asked.headers, "authorization").next(), Some(format!("Bearer {TOKEN}").as_bytes()));
    assert_eq!(state(), "ready");
}

#[test]
fn a_login_page_is_no_file() {
    let driver = with_file(r#""url_private":"https://files.slack.com/files-pri/T1-F1/a.pdf""#);
    answers(|_| Ok(Response::new(200, "text/html; charset=utf-8", "<html>Sign in")));
    driver.fired(native::expiry(&timer("media/"), 1)).expect("given up");
    assert_eq!(state(), "failed");
    assert!(native::with(|host| host.log.iter().any(|line| line.contains("files:read"))));
}

#[test]
fn the_token_goes_to_slack_only() {
    for url in [
        "https://elsewhere.example/a.pdf",
        "https://slack.com.elsewhere.example/a",
        "https://evilslack.com/a",
        "http://files.slack.com/a",
        "https://files.slack.com@elsewhere.example/a",
        "https://files.slack.com:8443/a",
        "https://elsewhere.example/.slack.com/",
    ] {
        let driver = with_file(&format!(r#""url_private":"{url}""#));
        answers(|_| Ok(Response::new(200, "application/pdf", "%PDF")));
        driver.fired(native::expiry(&timer("media/"), 1)).expect("given up");
        assert_eq!((state().as_str(), sent().len()), ("failed", 0), "{url}");
    }
}

#[test]
fn files_of_other_workspaces_are_asked_for() {
    let driver = with_file(r#""file_access":"check_file_info""#);
    answers(|sent| {
        Ok(if sent.url.ends_with("/files.info") {
            Response::json(200, r#"{"ok":true,"file":{"id":"F1","url_private":"https://files.slack.com/f"}}"#)
        } else {
            Response::new(200, "application/pdf", "%PDF")
        })
    });
    driver.fired(native::expiry(&timer("media/"), 1)).expect("fetched");
    assert_eq!(state(), "ready");
}

#[test]
fn what_cannot_be_had_is_said_at_once() {
    let driver = driver("{}");
    let file = r#""text":"","files":[{"id":"F1","mode":"tombstone"},{"id":"F2","mode":"external","url_private":"https://drive.example/x"},{"id":"F3","size":1e12}]"#;
    let message = take(&driver, message(file)).remove(0);
    let states: Vec<&str> = message.attachments().map(|part| part.state.as_str()).collect();
    assert_eq!(states, ["removed", "failed", "failed"]);
    assert!(native::with(|host| host.timers.iter().all(|timer| !timer.name.starts_with("media/"))));
}
