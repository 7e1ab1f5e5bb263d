//! Requests by `wasi:http`, made as a guest makes them.

use super::fields::Fields;
use super::response::FutureResponse;
use crate::call::State;
use crate::replay::Player;
use crate::tape::Tape;
use crate::tests::limits::hits;
use crate::tests::vendor::{Desk, Vendor, limits};
use crate::wasi::bindings::wasi::http::outgoing_handler::Host;
use crate::wasi::bindings::wasi::http::types::{
    ErrorCode, HostFields, HostFutureIncomingResponse, HostIncomingBody, HostIncomingResponse, HostOutgoingBody,
    HostOutgoingRequest, HostRequestOptions, Method, Scheme,
};
use crate::wasi::bindings::wasi::io::poll::HostPollable;
use crate::wasi::bindings::wasi::io::streams::{HostInputStream, HostOutputStream};
use crate::{CallError, Limit, Limits};
use jackfield_records::compare;
use serde_json::Value;
use std::time::Duration;
use wasmtime::component::Resource;

fn lent<T: 'static>(own: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(own.rep())
}

type Asked = wasmtime::Result<Result<Resource<FutureResponse>, ErrorCode>>;

/// Sends a request off.
fn ask(state: &mut State, url: (&str, &str), headers: &[(&str, &str)], body: &str, within: Option<Duration>) -> Asked {
    let lines = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let fields = HostFields::from_list(state, lines)?.expect("headers");
    let request = HostOutgoingRequest::new(state, fields)?;
    HostOutgoingRequest::set_method(state, lent(&request), Method::Post)?.expect("a method");
    HostOutgoingRequest::set_scheme(state, lent(&request), Some(Scheme::Http))?.expect("a scheme");
    HostOutgoingRequest::set_authority(state, lent(&request), Some(url.0.to_owned()))?.expect("an authority");
    HostOutgoingRequest::set_path_with_query(state, lent(&request), Some(url.1.to_owned()))?.expect("a path");
    let writer = HostOutgoingRequest::body(state, lent(&request))?.expect("a body");
    let stream = HostOutgoingBody::write(state, lent(&writer))?.expect("a stream");
    HostOutputStream::write(state, lent(&stream), body.into())?.expect("room");
    HostOutputStream::drop(state, stream)?;
    let options = HostRequestOptions::new(state)?;
    let nanos = within.map(|within| within.as_nanos() as u64);
    HostRequestOptions::set_first_byte_timeout(state, lent(&options), nanos)?.expect("a time-out");
    let asked = Host::handle(state, request, Some(options))?;
    HostOutgoingBody::finish(state, writer, None)?.expect("whole");
    Ok(asked)
}

/// Waits for an answer: its body.
async fn answer(state: &mut State, future: Resource<FutureResponse>) -> wasmtime::Result<Result<String, ErrorCode>> {
    let comes = HostFutureIncomingResponse::subscribe(state, lent(&future))?;
    HostPollable::block(state, lent(&comes)).await?;
    HostPollable::drop(state, comes)?;
    let got = HostFutureIncomingResponse::get(state, lent(&future))?.expect("it has come").expect("for the first time");
    HostFutureIncomingResponse::drop(state, future)?;
    let response = match got {
        Ok(response) => response,
        Err(error) => return Ok(Err(error)),
    };
    let body = HostIncomingResponse::consume(state, lent(&response))?.expect("a body");
    let stream = HostIncomingBody::stream(state, lent(&body))?.expect("a stream");
    let bytes = HostInputStream::read(state, lent(&stream), 1 << 20)?.unwrap_or_default();
    HostInputStream::drop(state, stream)?;
    HostIncomingBody::drop(state, body)?;
    HostIncomingResponse::drop(state, response)?;
    Ok(Ok(String::from_utf8(bytes).expect("text")))
}

async fn fetch(state: &mut State, vendor: &Vendor, path: &str, body: &str) -> Result<String, ErrorCode> {
    let future = ask(state, (&vendor.authority, path), &[], body, None).expect("no trap")?;
    answer(state, future).await.expect("no trap")
}

fn egress() -> jackfield_egress::Limits {
    jackfield_egress::Limits::default()
}

/// Bodies and requests have numbers in a record: a replay has to count as the recorded call did.
#[tokio::test]
async fn two_fetches_of_one_call_are_replayed_without_a_difference() {
    let vendor = Vendor::start().await;
    let desk = Desk::serving(vendor.client(egress()), limits()).await;
    let run = async |state: &mut State| {
        let first = fetch(state, &vendor, "/first", "one").await.expect("it is answered");
        let second = fetch(state, &vendor, "/second", "two").await.expect("it is answered");
        state.tape.end(&Ok::<_, CallError>((first, second)));
        state.tape.hand_on();
    };
    let mut store = desk.store();
    let state = store.data_mut();
    state.tape = Tape::of(desk.channel(), "digest");
    state.tape.begin("Fired", || Value::Null);
    run(state).await;
    let recorded = desk.records.lock().pop().expect("a record").calls.pop().expect("the call");
    assert!(recorded.steps.iter().filter(|step| step.function == "wasi:http.body").count() == 2, "{recorded:?}");

    let mut store = desk.store();
    let state = store.data_mut();
    let player = Player::new(&recorded, Default::default());
    let done = player.done();
    state.tape = Tape::Replaying(Box::new(player));
    state.tape.begin("Fired", || Value::Null);
    run(state).await;
    let replayed = done.take().expect("it has ended");
    assert_eq!(compare(&recorded, &replayed.call, &replayed.unanswered), []);
    assert_eq!(vendor.seen.lock().len(), 2, "the replay has asked nobody");
}

#[tokio::test]
async fn the_hosts_room_is_counted_only_where_a_request_fails_for_it() {
    let vendor = Vendor::start().await;
    let desk = Desk::serving(vendor.client(egress()), Limits { wasi_bytes: 1_000, ..limits() }).await;
    let mut store = desk.store();
    let state = store.data_mut();
    assert_eq!(fetch(state, &vendor, "/500", "").await.expect("there is room for it").len(), 500);
    assert_eq!(hits(&desk.generation, Limit::WasiBytes), 0, "less room than an answer may have, and enough");
    let refused = fetch(state, &vendor, "/2000", "").await.expect_err("there is no room");
    assert!(matches!(refused, ErrorCode::HttpResponseBodySize(_)), "{refused:?}");
    assert_eq!(hits(&desk.generation, Limit::WasiBytes), 1);
    let mut all = state.wasi.hold();
    assert!(all.add(1_000));
    let refused = ask(state, (&vendor.authority, "/1"), &[], "", None).expect("no trap").expect_err("nor any");
    assert!(matches!(refused, ErrorCode::HttpResponseBodySize(Some(0))), "{refused:?}");
    assert_eq!((hits(&desk.generation, Limit::WasiBytes), vendor.seen.lock().len()), (2, 2));
}

#[tokio::test]
async fn requests_run_beside_each_other_as_many_as_may_and_a_slow_drip_is_cut() {
    let vendor = Vendor::start().await;
    let two = jackfield_egress::Limits { concurrency: 2, ..egress() };
    let desk = Desk::serving(vendor.client(two), limits()).await;
    let mut store = desk.store();
    let state = store.data_mut();
    let url = (vendor.authority.as_str(), "/two");
    let mut futures = Vec::new();
    for body in ["1", "2", "3", "4"] {
        futures.push(ask(state, url, &[], body, None).expect("no trap").expect("it is on its way"));
    }
    let mut bodies = Vec::new();
    // None is answered alone.
    for future in futures {
        bodies.push(answer(state, future).await.expect("no trap").expect("it is answered"));
    }
    assert_eq!(bodies, ["1", "2", "3", "4"]);

    let within = Some(Duration::from_millis(200));
    let drip = ask(state, (&vendor.authority, "/drip"), &[], "", within).expect("no trap").expect("it is on its way");
    let cut = answer(state, drip).await.expect("no trap").expect_err("it never ends");
    assert!(matches!(cut, ErrorCode::HttpResponseTimeout), "{cut:?}");
}

#[tokio::test]
async fn nothing_that_ends_a_line_goes_into_a_request_nor_what_the_host_writes() {
    let vendor = Vendor::start().await;
    let desk = Desk::serving(vendor.client(egress()), limits()).await;
    let mut store = desk.store();
    let state = store.data_mut();
    for (name, value) in [("x", "a\r\nhost: b"), ("x", "a\nb"), ("x", "\0"), ("x\r\ny", "a"), ("x y", "a"), ("", "a")] {
        let line = || (name.to_owned(), value.as_bytes().to_vec());
        assert!(HostFields::from_list(state, vec![line()]).expect("no trap").is_err(), "{name:?}: {value:?}");
        let fields = HostFields::new(state).expect("no trap");
        assert!(HostFields::append(state, lent(&fields), line().0, line().1).expect("no trap").is_err());
        assert!(HostFields::set(state, lent(&fields), line().0, vec![line().1]).expect("no trap").is_err());
        assert!(HostFields::entries(state, lent(&fields)).expect("no trap").is_empty());
    }
    let fields: Resource<Fields> = HostFields::new(state).expect("no trap");
    let request = HostOutgoingRequest::new(state, fields).expect("no trap");
    for bad in ["/a\r\nx: y", "/a b", "/\0", "/a\tb"] {
        assert!(
            HostOutgoingRequest::set_path_with_query(state, lent(&request), Some(bad.into()))
                .expect("no trap")
                .is_err()
        );
    }
    for bad in ["a\r\nb", "user@a", "a/b", "a?b", "a#b", "a\\b", "a b"] {
        assert!(HostOutgoingRequest::set_authority(state, lent(&request), Some(bad.into())).expect("no trap").is_err());
    }
    for bad in ["GET / HTTP/1.1\r\n", "G T", ""] {
        let method = Method::Other(bad.to_owned());
        assert!(HostOutgoingRequest::set_method(state, lent(&request), method).expect("no trap").is_err());
    }
    let ours = [("Host", "other.test"), ("content-length", "9"), ("Transfer-Encoding", "chunked"), ("X-Mine", "kept")];
    let future = ask(state, (&vendor.authority, "/"), &ours, "body", None).expect("no trap").expect("it is on its way");
    assert_eq!(answer(state, future).await.expect("no trap").expect("it is answered"), "body");
    let seen = vendor.seen.lock().pop().expect("a request").to_ascii_lowercase();
    assert!(seen.contains(&format!("host: {}", vendor.authority)) && seen.contains("x-mine: kept"), "{seen}");
    assert!(seen.contains("content-length: 4"), "{seen}");
    assert!(!seen.contains("other.test") && !seen.contains("chunked") && !seen.contains("content-length: 9"), "{seen}");
}
