//! The misdeeds, by name.

mod answers;
mod floods;
mod machine;
mod tricks;

use jackfield_sdk::{Message, Response, Result, WorkItem, host};

/// What a misdeed is done with.
#[derive(Clone, Copy, Default)]
pub struct Aim<'a> {
    /// An origin.
    pub target: &'a str,
    /// The request's query.
    pub query: &'a str,
}

/// Does it; none where the name is no misdeed.
pub fn commit(deed: &str, aim: Aim<'_>) -> Option<Result<Response>> {
    Some(match deed {
        "loop" => machine::endless(),
        "grow" => machine::grow(),
        "hoard" => machine::hoard(),
        "trap" => panic!("on purpose"),
        "deep" => machine::deep(),
        "wait" => machine::wait(),
        "wait-blind" => machine::wait_blind(),

        "huge" => answers::huge_body(),
        "huge-list" => answers::huge_list(),
        "huge-text" => answers::huge_text(),
        "bad-status" => Ok(Response::empty(7)),
        "informational" => Ok(Response::empty(100)),
        "bad-header" => Ok(Response::empty(200).with_header("x-split", "a\r\nx-other: b")),
        "bad-name" => Ok(Response::empty(200).with_header("x split\r\n", "a")),
        "bad-text" => answers::not_utf8(),
        "others-body" => answers::others_blob(aim.query),

        "flood-log" => floods::log(),
        "flood-push" => floods::push(),
        "flood-duplicates" => floods::duplicates(),
        "flood-bytes" => floods::push_bytes(),
        "flood-store" => floods::store(),
        "flood-keys" => floods::keys(),
        "flood-blobs" => floods::blobs(),
        "huge-blob" => floods::huge_blob(),
        "flood-timers" => floods::timers(),
        "flood-calls" => floods::calls(),
        "flood-hash" => floods::hashes(),
        "flood-compose" => floods::compose(),
        "flood-random" => floods::random(),
        "flood-reads" => floods::reads(),
        "flood-http" => floods::http(aim.target),

        "trap-after-push" => {
            let pushed = push(0, "thrown-away");
            panic!("on purpose, after {pushed}")
        }
        "leak" => tricks::leak(),
        "use-after" => tricks::use_after(),
        "outside" => tricks::outside(aim.target),
        "others-blob" => tricks::others_blob(aim.query),
        "made-up" => tricks::made_up(),
        "nested" => tricks::nested(),
        "nested-json" => tricks::nested_json(),
        "long-names" => tricks::long_names(),
        "start-timer" => tricks::start_timer(),
        "timer-loop" => tricks::timer("loop"),
        "timer-trap" => tricks::timer("trap"),
        _ => return None,
    })
}

/// Pushes one request; whether it was taken.
fn push(number: u32, prefix: &str) -> bool {
    let message = Message::support_request("noise", WorkItem::new("flood", "+15550199"))
        .with_event_id(format!("{prefix}-{number}"))
        .with_text("noise");
    host::server::push(&message).is_ok()
}

/// What came of it, as the answer.
fn told(what: impl ToString) -> Result<Response> {
    Ok(Response::new(200, "text/plain", what.to_string()))
}
