//! What vendors' services send, to the drivers as ordinary programs: genuine, whatever it says.

use jackfield_sdk::{Timer, Webhook, native};
use jackfield_tests::{corpus, fuzz, kind_of};
use meta_common::testing::{self, URL, signed};

const WORDS: [&str; 22] = [
    "\"id\":",
    "\"type\":",
    "\"text\"",
    "\"image\"",
    "\"system\"",
    "\"reaction\"",
    "\"edit\":{\"original_message_id\":",
    "\"errors\":[",
    "\"code\":131047",
    "\"statuses\":[",
    "\"messages\":[",
    "\"message\":{",
    "\"is_echo\":true",
    "\"metadata\":",
    "\"attachments\":[{\"type\":",
    "\"payload\":{\"url\":",
    "\"watermark\":",
    "\\ud83d",
    "\\u0000",
    "null",
    "{}",
    "[[[[[[",
];

pub(crate) fn whatsapp() -> u64 {
    run::<whatsapp::WhatsAppDriver>("whatsapp", r#"{"phone-number-id":"106540352242922"}"#)
}

pub(crate) fn messenger() -> u64 {
    run::<messenger::MessengerDriver>("messenger", r#"{"page-id":"1067280970047460","profile-names":true}"#)
}

fn run<D: Webhook + Timer>(name: &str, settings: &str) -> u64 {
    fuzz(name, corpus(name), &WORDS, |bytes| {
        testing::install();
        let context = native::context(name, URL);
        let driver = D::configure(context, settings).unwrap_or_else(|error| panic!("{}: {}", error.key, error.text));
        outcome(&driver, &String::from_utf8_lossy(bytes))
    })
}

/// What is answered, told, set aside and begun.
fn outcome(driver: &(impl Webhook + Timer), body: &str) -> String {
    let status = driver.receive(signed(body)).map_or(0, |response| response.status);
    assert!(matches!(status, 200 | 400), "{status}");
    let timers = native::with(|host| std::mem::take(&mut host.timers));
    for timer in &timers {
        // There is no grant: what it fetches fails, and what it does with that is its business.
        let _ = driver.fired(native::expiry(timer, 1));
    }
    native::with(|host| {
        let told: Vec<String> = host.pushed.iter().map(|message| message.interaction.name.clone()).collect();
        let aside: Vec<String> = host.set_aside.iter().map(|(_, reason)| kind_of(reason)).collect();
        let parts = host.pushed.iter().map(|message| message.parts.len()).sum::<usize>();
        format!("{status} {told:?} {aside:?} {parts} {}", timers.len())
    })
}
