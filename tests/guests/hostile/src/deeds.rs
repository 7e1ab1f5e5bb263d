//! The misdeeds.

use jackfield_sdk::{Message, Outgoing, Response, Result, TimerOptions, WorkItem, host};
use std::hint::black_box;

/// Does it; none where the name is no misdeed.
pub fn commit(deed: &str, target: &str) -> Option<Result<Response>> {
    Some(match deed {
        "loop" => endless(),
        "grow" => grow(),
        "trap" => panic!("on purpose"),
        "trap-after-push" => {
            let pushed = push(0, "thrown-away");
            panic!("on purpose, after {pushed}")
        }
        "deep" => Ok(Response::new(200, "text/plain", deep(u64::MAX).to_string())),
        "huge" => Ok(Response::new(200, "application/octet-stream", vec![b'x'; 40 << 20])),
        "bad-status" => Ok(Response::empty(7)),
        "bad-header" => Ok(Response::empty(200).with_header("x-split", "a\r\nx-other: b")),
        "flood-log" => flood_log(),
        "flood-push" => flood_push(),
        "flood-store" => flood_store(),
        "flood-calls" => flood_calls(),
        "outside" => call(target),
        "timer-loop" => timer("loop"),
        "timer-trap" => timer("trap"),
        _ => return None,
    })
}

fn endless() -> ! {
    let mut number = 0u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn grow() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1u8; 1 << 20]));
    }
}

fn deep(left: u64) -> u64 {
    if black_box(left) == 0 { 0 } else { black_box(deep(left - 1)) + black_box(1) }
}

fn flood_log() -> Result<Response> {
    let line = "noise ".repeat(10_000);
    for _ in 0..5_000 {
        host::warn(&line);
    }
    Ok(Response::empty(200))
}

/// How many were taken, as the answer's text.
fn flood_push() -> Result<Response> {
    let taken = (0..2_000).filter(|number| push(*number, "flood")).count();
    Ok(Response::new(200, "text/plain", taken.to_string()))
}

fn push(number: u32, prefix: &str) -> bool {
    let message = Message::support_request("noise", WorkItem::new("flood", "+15550199"))
        .with_event_id(format!("{prefix}-{number}"))
        .with_text("noise");
    host::server::push(&message).is_ok()
}

fn flood_store() -> Result<Response> {
    let value = vec![b'x'; 64 << 10];
    let taken = (0..1_000).filter(|number| host::store::set(&format!("flood/{number}"), &value, None).is_ok()).count();
    Ok(Response::new(200, "text/plain", taken.to_string()))
}

fn flood_calls() -> Result<Response> {
    let found = (0..30_000).filter(|_| host::store::get("nothing").is_ok()).count();
    Ok(Response::new(200, "text/plain", found.to_string()))
}

/// The error's code and text as the answer, where the host doesn't let it.
fn call(target: &str) -> Result<Response> {
    Ok(match Outgoing::new("GET", target).send() {
        Ok(answer) => Response::new(200, "text/plain", answer.status.to_string()),
        Err(error) => Response::new(200, "text/plain", format!("{}: {}", error.code, error.text)),
    })
}

fn timer(deed: &str) -> Result<Response> {
    let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
    host::timers::set("deed", 1, deed.as_bytes(), &options)?;
    Ok(Response::empty(200))
}
