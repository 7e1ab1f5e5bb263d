//! What goes out by `http.send`, asked for by a state without a guest.

use super::vendor::{Desk, Vendor, limits};
use crate::Limits;
use crate::bindings::jackfield::channel::http::{Field, Host, Options, Outgoing};
use crate::bindings::jackfield::channel::secrets::Piece;

fn outgoing(vendor: &Vendor, path: Vec<Piece>, header: Vec<Piece>, body: Vec<Piece>) -> Outgoing {
    let start = Piece::Text(format!("http://{}/", vendor.authority));
    let options = Options {
        timeout_ms: None,
        max_bytes: Some(100),
        redirects: 0,
        to_blob: false,
        captures: Vec::new(),
        attributes: Vec::new(),
    };
    Outgoing {
        method: "POST".to_owned(),
        url: [vec![start], path].concat(),
        headers: vec![Field { name: "x-note".to_owned(), value: header }],
        body,
        options,
    }
}

/// `too-large` says that a request was made: one that can't be put together is said to be wrong.
#[tokio::test]
async fn what_does_not_fit_a_request_is_invalid_and_nothing_is_sent() {
    let vendor = Vendor::start().await;
    let client = vendor.client(jackfield_egress::Limits::default());
    let desk = Desk::serving(client, Limits { blob: 1 << 10, ..limits() }).await;
    let mut store = desk.store();
    let state = store.data_mut();
    let large = || vec![Piece::Bytes(vec![b'x'; (2 << 20) + 1])];
    let none = Vec::new;
    for (what, request) in [
        ("URL", outgoing(&vendor, large(), none(), none())),
        ("header", outgoing(&vendor, none(), large(), none())),
        ("body", outgoing(&vendor, none(), none(), large())),
    ] {
        let refused = Host::send(state, request).await.expect_err("it does not fit");
        assert_eq!(refused.code, "invalid", "{}", refused.text);
        assert!(refused.text.starts_with(&format!("the {what} is too long")), "{}", refused.text);
        assert!(!state.call.transaction.sent);
    }
    assert!(vendor.seen.lock().is_empty());
    let told = Host::send(state, outgoing(&vendor, vec![Piece::Text("101".to_owned())], none(), none())).await;
    assert_eq!(told.expect_err("the answer does not fit").code, "too-large");
    assert_eq!((vendor.seen.lock().len(), state.call.transaction.sent), (1, true));
}
