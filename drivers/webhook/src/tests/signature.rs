//! Published vectors of each scheme, and requests that must be refused, never trapped over.

use jackfield_sdk::encoding::to_base64;
use jackfield_sdk::{Request, host, native};

use super::{driver, post, receive};
use crate::settings::SECRET;

const SVIX_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SVIX_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const SVIX_BODY: &str = r#"{"test": 2432232314}"#;
const SVIX_TIME: u64 = 1_614_265_330;

const HUB_SECRET: &str = "It's a Secret to Everybody";
const HUB_SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const HUB_BODY: &str = "Hello, World!";

fn svix(signature: impl Into<Vec<u8>>) -> Request {
    post(SVIX_BODY)
        .with_header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
        .with_header("webhook-timestamp", "1614265330")
        .with_header("webhook-signature", signature)
}

/// The status that a channel of Standard Webhooks answers at `now`.
fn svix_status(request: Request, now: u64) -> u16 {
    let driver = driver(r#"{"signature":"standard-webhooks"}"#, SVIX_SECRET);
    native::with(|host| host.now = now * 1000);
    receive(&driver, request).status
}

/// The status that a channel with an HMAC answers. The vector's body is no JSON: 400 is said to who is genuine.
fn hub_status(settings: &str, request: Request) -> u16 {
    receive(&driver(settings, HUB_SECRET), request).status
}

#[test]
fn standard_webhooks_vector_is_genuine() {
    assert_eq!(svix_status(svix(SVIX_SIGNATURE), SVIX_TIME), 200);
    // The secret may also be written without `whsec_`.
    let driver = driver(r#"{"signature":"standard-webhooks"}"#, &SVIX_SECRET[6..]);
    native::with(|host| host.now = SVIX_TIME * 1000);
    assert_eq!(receive(&driver, svix(SVIX_SIGNATURE)).status, 200);
}

#[test]
fn standard_webhooks_is_the_default_where_there_is_a_secret() {
    let driver = driver("{}", SVIX_SECRET);
    native::with(|host| host.now = SVIX_TIME * 1000);
    assert_eq!(receive(&driver, svix(SVIX_SIGNATURE)).status, 200);
    assert_eq!(receive(&driver, post(SVIX_BODY)).status, 401);
}

#[test]
fn svix_names_of_the_headers_are_known_too() {
    let request = post(SVIX_BODY)
        .with_header("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
        .with_header("svix-timestamp", "1614265330")
        .with_header("svix-signature", SVIX_SIGNATURE);
    assert_eq!(svix_status(request, SVIX_TIME), 200);
}

#[test]
fn one_of_several_signatures_is_enough() {
    let several = format!("v1,AAAA v1a,whatever {SVIX_SIGNATURE}");
    assert_eq!(svix_status(svix(several), SVIX_TIME), 200);
}

#[test]
fn any_valid_secret_of_a_rotation_is_tried() {
    let driver = driver(r#"{"signature":"hmac"}"#, "new");
    native::with(|host| host.secrets.entry(SECRET.into()).or_default().push(HUB_SECRET.into()));
    let request = post(HUB_BODY).with_header("x-hub-signature-256", format!("sha256={HUB_SIGNATURE}"));
    assert_eq!(receive(&driver, request).status, 400);
}

#[test]
fn times_are_held_to_five_minutes_both_ways() {
    for (now, status) in
        [(SVIX_TIME + 300, 200), (SVIX_TIME - 300, 200), (SVIX_TIME + 301, 401), (SVIX_TIME - 301, 401)]
    {
        assert_eq!(svix_status(svix(SVIX_SIGNATURE), now), status, "at {now}");
    }
}

#[test]
fn hostile_standard_webhooks_are_refused() {
    for signature in [
        b"".to_vec(),
        b"v1,".to_vec(),
        b"v1".to_vec(),
        b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE".to_vec(),
        b"v1,g0hM9SsE".to_vec(),
        b"v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_vec(),
        b"v1,\xff\xfe\xfd".to_vec(),
        vec![0xc3; 64],
        b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_vec(),
        [b"v1,AAAA ".repeat(1000), SVIX_SIGNATURE.into()].concat(),
    ] {
        assert_eq!(svix_status(svix(signature.clone()), SVIX_TIME), 401, "{signature:?}");
    }
    assert_eq!(svix_status(post(SVIX_BODY), SVIX_TIME), 401, "no headers");
    let two = svix(SVIX_SIGNATURE).with_header("webhook-signature", SVIX_SIGNATURE);
    assert_eq!(svix_status(two, SVIX_TIME), 401, "two signature headers");
    let mut flipped = svix(SVIX_SIGNATURE);
    flipped.body = jackfield_sdk::Body::Bytes(SVIX_BODY.replace('4', "5").into());
    assert_eq!(svix_status(flipped, SVIX_TIME), 401, "another body");
    let mut cut = svix(SVIX_SIGNATURE);
    cut.body = jackfield_sdk::Body::Bytes(SVIX_BODY.as_bytes()[..10].into());
    assert_eq!(svix_status(cut, SVIX_TIME), 401, "a cut body");
    for time in ["", "-1", "1614265330.0", " 1614265330", "1614265331", "99999999999999999999999"] {
        let mut request = svix(SVIX_SIGNATURE);
        request.headers[2].value = time.into();
        assert_eq!(svix_status(request, SVIX_TIME), 401, "time {time:?}");
    }
}

#[test]
fn hmac_vector_is_genuine() {
    let settings = r#"{"signature":"hmac"}"#;
    let bare = post(HUB_BODY).with_header("x-hub-signature-256", HUB_SIGNATURE);
    let prefixed = post(HUB_BODY).with_header("x-hub-signature-256", format!("sha256={HUB_SIGNATURE}"));
    let upper = post(HUB_BODY).with_header("x-hub-signature-256", HUB_SIGNATURE.to_uppercase());
    for request in [bare, prefixed, upper] {
        assert_eq!(hub_status(settings, request), 400);
    }
}

#[test]
fn hmac_takes_header_prefix_encoding_and_algorithm_from_the_settings() {
    let settings = r#"{"signature":"hmac","header":"X-Sign","prefix":"v0:","encoding":"base64","algorithm":"sha1"}"#;
    let driver = driver(settings, "key");
    let body = br#"{"id":"1","from":"ann","text":"hi"}"#;
    let hmac = host::secrets::hmac(SECRET, "sha1", &[jackfield_sdk::Piece::Bytes(body.to_vec())]).expect("a key");
    let signature = to_base64(&hmac);
    let good = post(body).with_header("x-sign", format!("v0:{signature}"));
    assert_eq!(receive(&driver, good).status, 200);
    let no_prefix = post(body).with_header("x-sign", signature);
    assert_eq!(receive(&driver, no_prefix).status, 401);
}

#[test]
fn hostile_hmacs_are_refused() {
    let settings = r#"{"signature":"hmac"}"#;
    for value in [
        b"".to_vec(),
        b"sha256=".to_vec(),
        b"sha256=\xff\xff".to_vec(),
        format!("v1={HUB_SIGNATURE}").into_bytes(),
        format!("sha1={HUB_SIGNATURE}").into_bytes(),
        HUB_SIGNATURE.as_bytes()[..63].to_vec(),
        HUB_SIGNATURE.as_bytes()[..62].to_vec(),
        HUB_SIGNATURE.replace('7', "8").into_bytes(),
    ] {
        let request = post(HUB_BODY).with_header("x-hub-signature-256", value.clone());
        assert_eq!(hub_status(settings, request), 401, "{value:?}");
    }
    assert_eq!(hub_status(settings, post(HUB_BODY)), 401, "no header");
    let two = post(HUB_BODY)
        .with_header("x-hub-signature-256", HUB_SIGNATURE)
        .with_header("x-hub-signature-256", HUB_SIGNATURE);
    assert_eq!(hub_status(settings, two), 401, "two headers");
}

#[test]
fn stripe_signs_time_and_body() {
    let driver = driver(r#"{"signature":"stripe"}"#, "whsec_stripe");
    let body = r#"{"id":"evt_1","from":"ann","text":"hi"}"#;
    let now = native::with(|host| host.now / 1000);
    let sign = |time: u64| {
        let data = [jackfield_sdk::Piece::Text(format!("{time}.{body}"))];
        let hmac = host::secrets::hmac(SECRET, "sha256", &data).expect("a key");
        format!("t={time},v0=00,v1={}", jackfield_sdk::encoding::to_hex(&hmac))
    };
    let status = |value: String| receive(&driver, post(body).with_header("stripe-signature", value)).status;
    assert_eq!(status(sign(now)), 200);
    assert_eq!(status(sign(now - 301)), 401);
    assert_eq!(status(sign(now + 301)), 401);
    assert_eq!(status(format!("t={now},{}", sign(now))), 401, "two times");
    assert_eq!(status(format!("t={now}")), 401);
    assert_eq!(status(format!("t={now},v1=zz")), 401);
    assert_eq!(status(String::new()), 401);
}

#[test]
fn tokens_and_passwords_are_compared() {
    let body = r#"{"id":"1","from":"ann","text":"hi"}"#;
    let bearer = driver(r#"{"signature":"token"}"#, "s3cret");
    let status = |value: &str| receive(&bearer, post(body).with_header("authorization", value)).status;
    assert_eq!(status("Bearer s3cret"), 200);
    assert_eq!(status("Bearer s3cre"), 401);
    assert_eq!(status("s3cret"), 401);

    let named = driver(r#"{"signature":"token","header":"X-Token"}"#, "s3cret");
    assert_eq!(receive(&named, post(body).with_header("x-token", "s3cret")).status, 200);
    assert_eq!(receive(&named, post(body).with_header("x-token", b"\xff\xff".to_vec())).status, 401);

    let basic = driver(r#"{"signature":"basic"}"#, "ann:s3cret");
    let status = |value: String| receive(&basic, post(body).with_header("authorization", value)).status;
    assert_eq!(status(format!("Basic {}", to_base64(b"ann:s3cret"))), 200);
    assert_eq!(status(format!("basic {}", to_base64(b"ann:s3cret"))), 200);
    assert_eq!(status(format!("Basic {}", to_base64(b"ann:wrong"))), 401);
    assert_eq!(status("Basic".into()), 401);
    assert_eq!(status("Basic ???".into()), 401);
    let response = receive(&basic, post(body));
    let challenge = response.headers.iter().find(|header| header.name == "www-authenticate").map(|it| it.value.clone());
    assert_eq!((response.status, challenge), (401, Some(b"Basic realm=\"webhook\", charset=\"UTF-8\"".to_vec())));
}

#[test]
fn unsigned_requests_come_from_this_machine_only() {
    let body = r#"{"id":"1","from":"ann","text":"hi"}"#;
    let from = |address: &str| {
        let mut request = post(body);
        request.peer.address = address.into();
        request
    };
    let private = driver(r#"{"signature":"none"}"#, "");
    for (address, status) in [
        ("127.0.0.1:1", 200),
        ("127.9.9.9:1", 200),
        ("[::1]:1", 200),
        ("[::ffff:127.0.0.1]:1", 200),
        ("10.0.0.1:1", 403),
        ("[::ffff:10.0.0.1]:1", 403),
        ("[2001:db8::1]:1", 403),
        ("localhost:1", 403),
        ("", 403),
    ] {
        assert_eq!(receive(&private, from(address)).status, status, "{address}");
    }
    let public = driver(r#"{"signature":"none","public":true}"#, "");
    assert_eq!(receive(&public, from("203.0.113.9:1")).status, 200);
}
