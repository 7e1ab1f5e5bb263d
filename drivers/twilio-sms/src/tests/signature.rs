//! Twilio's own vectors, and requests that must be refused, never trapped over.

use jackfield_sdk::{Request, Webhook, native};

use super::{TOKEN, driver, form_request};
use crate::params::Params;
use crate::settings::{AUTH_TOKEN, SIGNING_KEY};
use crate::signature::{HEADER, SETTINGS_HEADER, Verdict, check};

const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const CALL: [(&str, &str); 5] = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
];
const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

fn verdict(request: &Request, params: &[(&str, &str)]) -> Verdict {
    native::install(native::Host::new().with_secret(AUTH_TOKEN, TOKEN));
    let params = Params(params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
    check(request, Some(&params)).expect("a key")
}

fn is_genuine(url: &str, params: &[(&str, &str)], signature: &str) -> bool {
    verdict(&form_request(url, params).with_header(HEADER, signature), params) == Verdict::Genuine
}

#[test]
fn the_documentations_vectors_are_genuine() {
    assert!(is_genuine(URL, &CALL, SIGNATURE));
    let newer = CALL.map(|(name, value)| (name, if value == "+14158675309" { "+12349013030" } else { value }));
    assert!(is_genuine(URL, &newer, "0/KCTR6DLpKmkAf8muzZqo1nDgQ="));
}

#[test]
fn the_order_of_the_parameters_does_not_matter() {
    let mut reversed = CALL;
    reversed.reverse();
    assert!(is_genuine(URL, &reversed, SIGNATURE));
}

#[test]
fn the_usual_port_may_be_signed_or_not() {
    const WITH_PORT: &str = "kvajT1Ptam85bY51eRf/AJRuM3w=";
    let with_port = URL.replace(".com", ".com:443");
    assert!(is_genuine(URL, &CALL, WITH_PORT));
    assert!(is_genuine(&with_port, &CALL, WITH_PORT));
    assert!(is_genuine(&with_port, &CALL, SIGNATURE));

    let http = URL.replace("https", "http");
    assert!(is_genuine(&http, &CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="));
    let odd = http.replace(".com", ".com:1234");
    assert!(is_genuine(&odd, &CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="));
}

#[test]
fn the_fragment_is_never_signed() {
    assert!(is_genuine(&format!("{URL}#ct=2000&rc=3"), &CALL, SIGNATURE));
}

#[test]
fn repeated_parameters_are_signed_once_each() {
    let params =
        [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")];
    assert!(is_genuine(URL, &params, "IK+Dwps556ElfBT0I3Rgjkr1wJU="));
}

#[test]
fn a_json_body_is_signed_by_its_digest_in_the_url() {
    const BODY: &str = r#"{"property": "value", "boolean": true}"#;
    let url = format!("{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620");
    let status = |url: &str, body: &str| {
        let request = native::request("POST", url, body)
            .with_header("content-type", "application/json")
            .with_header(HEADER, "a9nBmqA0ju/hNViExpshrM61xv4=");
        driver(super::SETTINGS).receive(request).expect("a key").status
    };
    // Genuine, but not about a message.
    assert_eq!(status(&url, BODY), 422);
    assert_eq!(status(&url, &BODY.replace("true", "false")), 403);
    assert_eq!(status(&url.replace("0a1f", "0a1e"), BODY), 403);
    assert_eq!(status(&url.replace("bodySHA256=0a", "bodySHA256=zz"), BODY), 403);
    assert_eq!(status(URL, BODY), 403, "a body that nothing covers");
}

#[test]
fn the_newer_signatures_name_their_algorithm() {
    const NEWER: &str = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=";
    let request =
        |settings: &str| form_request(URL, &CALL).with_header(HEADER, NEWER).with_header(SETTINGS_HEADER, settings);
    assert_eq!(verdict(&request("key=SK1,algorithm=HMAC_SHA256"), &CALL), Verdict::Genuine);
    for settings in ["key=SK1,algorithm=HMAC_MD5", "key=SK1", "", "algorithm", "algorithm=HMAC_SHA1"] {
        assert!(matches!(verdict(&request(settings), &CALL), Verdict::Bad(_)), "{settings}");
    }
    let not_ascii = form_request(URL, &CALL).with_header(HEADER, NEWER).with_header(SETTINGS_HEADER, b"\xff".to_vec());
    assert!(matches!(verdict(&not_ascii, &CALL), Verdict::Bad(_)));

    // Where the channel has a key for them, the auth token is no longer theirs.
    native::install(native::Host::new().with_secret(AUTH_TOKEN, "other").with_secret(SIGNING_KEY, TOKEN));
    let params = Params(CALL.map(|(name, value)| (name.into(), value.into())).into());
    let genuine = check(&request("key=SK1,algorithm=HMAC_SHA256"), Some(&params)).expect("a key");
    assert_eq!(genuine, Verdict::Genuine);
}

#[test]
fn hostile_signatures_are_refused() {
    assert_eq!(verdict(&form_request(URL, &CALL), &CALL), Verdict::Missing);
    for signature in [
        b"".to_vec(),
        b"\xff\xfe".to_vec(),
        b"RSOYDt4T1cUTdK1PDd93/VVr8B8".to_vec(),
        b"RSOYDt4T1cUTdK1PDd93".to_vec(),
        b"v1=RSOYDt4T1cUTdK1PDd93/VVr8B8=".to_vec(),
        b"SSOYDt4T1cUTdK1PDd93/VVr8B8=".to_vec(),
        vec![b'A'; 100_000],
    ] {
        let request = form_request(URL, &CALL).with_header(HEADER, signature.clone());
        assert!(matches!(verdict(&request, &CALL), Verdict::Bad(_)), "{signature:?}");
    }
    let two = form_request(URL, &CALL).with_header(HEADER, SIGNATURE).with_header(HEADER, SIGNATURE);
    assert!(matches!(verdict(&two, &CALL), Verdict::Bad(_)));
    let mut added = CALL.to_vec();
    added.push(("New", "1"));
    assert!(!is_genuine(URL, &added, SIGNATURE), "a parameter more");
    assert!(!is_genuine(&format!("{URL}&a=b"), &CALL, SIGNATURE), "another query");
    assert!(!is_genuine(&URL.replace("mycompany", "yourcompany"), &CALL, SIGNATURE), "another host");
}
