use std::net::IpAddr;

use url::Url;

use super::{Denied, Policy};

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn policy(http: &[&str], addresses: &[&str]) -> Policy {
    Policy::parse(&strings(http), &strings(addresses)).unwrap()
}

fn allows(http: &str, url: &str) -> bool {
    policy(&[http], &[]).check_url("x", &Url::parse(url).unwrap()).is_ok()
}

#[test]
fn urls_within_a_grant_pass() {
    let table = [
        ("https://api.twilio.com", "https://api.twilio.com"),
        ("https://api.twilio.com", "https://api.twilio.com:443/2010-04-01/Accounts?x=1#y"),
        ("https://api.twilio.com", "HTTPS://API.Twilio.COM/"),
        ("https://API.twilio.com:443/", "https://api.twilio.com/a"),
        ("https://*.example.com", "https://a.example.com/"),
        ("https://*.example.com", "https://a.b.example.com/"),
        ("https://bücher.example", "https://xn--bcher-kva.example/"),
        ("http://127.0.0.1:4010", "http://127.0.0.1:4010/x"),
        // Other spellings of the very address that is granted.
        ("http://127.0.0.1:4010", "http://2130706433:4010/"),
        ("http://127.0.0.1:4010", "http://0177.0.0.1:4010/"),
        ("http://127.0.0.1:4010", "http://0x7f.1:4010/"),
        ("http://[::1]:80", "http://[0:0:0:0:0:0:0:1]/"),
        ("http://localhost:4010", "http://LOCALHOST:4010/x"),
        ("https://api.example.com:8443/v1/", "https://api.example.com:8443/v1/a/b"),
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1", "https://api.example.com/v1?a=b"),
        ("https://api.example.com/v1", "https://api.example.com/v1/a"),
        ("https://api.example.com/v1", "https://api.example.com/v1/a%2Fb"),
        ("https://api.example.com/v1", "https://api.example.com/v2/../v1/a"),
    ];
    for (grant, url) in table {
        assert!(allows(grant, url), "{grant} should allow {url}");
    }
}

#[test]
fn urls_outside_a_grant_are_denied() {
    let table = [
        ("https://api.twilio.com", "http://api.twilio.com/"),
        ("https://api.twilio.com", "https://api.twilio.com:8443/"),
        ("https://api.twilio.com", "https://twilio.com/"),
        ("https://api.twilio.com", "https://x.api.twilio.com/"),
        ("https://api.twilio.com", "https://api.twilio.com.evil.example/"),
        ("https://api.twilio.com", "https://evilapi.twilio.com/"),
        ("https://api.twilio.com", "https://api.twilio.com./"),
        // Letters of other alphabets that look the same.
        ("https://api.twilio.com", "https://\u{430}pi.twilio.com/"),
        ("https://api.twilio.com", "https://api.twili\u{43e}.com/"),
        ("https://*.twilio.com", "https://api.twili\u{43e}.com/"),
        ("https://api.twilio.com", "https://xn--pi-6kc.twilio.com/"),
        // Who stands before the @ is a user name, not a host; also where the rest would be granted.
        ("https://api.twilio.com", "https://api.twilio.com@evil.example/"),
        ("https://api.twilio.com", "https://user:pass@api.twilio.com/"),
        ("https://api.twilio.com", "https://user@api.twilio.com/"),
        ("https://api.twilio.com", "https://:pass@api.twilio.com/"),
        ("https://api.twilio.com", "ftp://api.twilio.com/"),
        ("https://api.twilio.com", "ws://api.twilio.com/"),
        ("https://api.twilio.com", "file:///etc/passwd"),
        ("https://api.twilio.com", "data:text/plain,x"),
        ("https://*.example.com", "https://example.com/"),
        ("https://*.example.com", "https://badexample.com/"),
        ("https://*.example.com", "https://a.example.com.evil.example/"),
        ("https://*.example.com", "https://.example.com/"),
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("https://api.example.com/v1", "https://api.example.com/v10"),
        ("https://api.example.com/v1", "https://api.example.com/"),
        ("https://api.example.com/v1", "https://api.example.com/V1/"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/../admin"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/%2e%2e/admin"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/..%2fadmin"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/%2e%2e%2fadmin"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/..%5cadmin"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/..%252fadmin"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/..;/admin"),
        ("http://127.0.0.1:4010", "http://127.0.0.1/"),
        ("http://127.0.0.1:4010", "http://127.0.0.2:4010/"),
        ("http://127.0.0.1:4010", "http://localhost:4010/"),
        ("http://127.0.0.1:4010", "http://[::ffff:127.0.0.1]:4010/"),
        ("http://localhost:4010", "http://127.0.0.1:4010/"),
        ("https://example.com", "http://2130706433/"),
        ("https://example.com", "http://[::ffff:127.0.0.1]/"),
    ];
    for (grant, url) in table {
        assert!(!allows(grant, url), "{grant} should not allow {url}");
    }
    let nothing = Policy::default();
    assert!(nothing.check_url("x", &Url::parse("https://example.com").unwrap()).is_err());
}

#[test]
fn a_denial_names_the_line_to_add_and_no_path() {
    let refusal = |grants: &[&str], url: &str| {
        let denied = policy(grants, &[]).check_url("sms", &Url::parse(url).unwrap()).unwrap_err();
        denied.to_string()
    };
    assert_eq!(
        refusal(&[], "https://api.foo.com/bot-token/send?key=k"),
        "channel \"sms\" may not reach https://api.foo.com; \
         add \"https://api.foo.com\" to grants.http of [[channel]] id = \"sms\""
    );
    assert_eq!(
        refusal(&["https://api.foo.com:8443/a/", "https://*.foo.com:8443/b"], "https://api.foo.com:8443/bot-token"),
        "channel \"sms\" may reach https://api.foo.com:8443 only at /a/, /b; \
         add \"https://api.foo.com:8443\", or a longer path, to grants.http of [[channel]] id = \"sms\""
    );
    let credentials = refusal(&["https://foo.com"], "https://wendy:hunter2@foo.com/");
    assert!(credentials.contains("user name") && !credentials.contains("hunter2") && !credentials.contains("wendy"));
    let address = policy(&["https://foo.com"], &[])
        .check_url("sms", &Url::parse("https://foo.com").unwrap())
        .unwrap()
        .admit(vec!["10.0.0.5".parse().unwrap()])
        .unwrap_err();
    assert_eq!(
        address.to_string(),
        "channel \"sms\" may not reach https://foo.com: it leads to 10.0.0.5, a private address; \
         if that is meant, add \"10.0.0.5\" to grants.addresses of [[channel]] id = \"sms\""
    );
}

#[test]
fn a_denials_remedy_works() {
    for url in ["https://a.example.com/x", "http://10.1.2.3:81/x", "http://[::1]/", "https://localhost/"] {
        let url = Url::parse(url).unwrap();
        let Err(Denied::NotGranted { target, .. }) = Policy::default().check_url("x", &url) else {
            panic!("{url} should not be granted");
        };
        assert!(policy(&[&target], &[]).check_url("x", &url).is_ok(), "{target}");
    }
}

/// Which of the addresses that the host of `url` resolves to may be used.
fn admitted(http: &str, ranges: &[&str], url: &str, resolved: &[&str]) -> Result<Vec<String>, Denied> {
    let permit = policy(&[http], ranges).check_url("x", &Url::parse(url).unwrap())?;
    let addresses: Vec<IpAddr> = resolved.iter().map(|text| text.parse().unwrap()).collect();
    Ok(permit.admit(addresses)?.iter().map(ToString::to_string).collect())
}

#[test]
fn of_mixed_answers_only_the_permitted_are_used() {
    let answer = ["127.0.0.1", "93.184.216.34", "::ffff:10.0.0.1", "fe80::1", "2606:2800::1", "169.254.169.254"];
    let used = admitted("https://a.example", &[], "https://a.example/", &answer).unwrap();
    assert_eq!(used, ["93.184.216.34", "2606:2800::1"]);
}

#[test]
fn special_addresses_need_a_grant_of_their_own() {
    let of = |ranges: &[&str], address| admitted("https://a.example", ranges, "https://a.example/", &[address]);
    assert!(of(&[], "10.0.0.5").is_err());
    assert!(of(&["10.0.0.0/8"], "10.0.0.5").is_ok());
    assert!(of(&["10.0.0.5"], "10.0.0.5").is_ok());
    assert!(of(&["10.0.0.5"], "10.0.0.6").is_err());
    assert!(of(&["fd12::/64"], "fd12::7").is_ok());
    assert!(of(&["fd12::/64"], "fd13::7").is_err());
    assert!(of(&["169.254.169.254"], "169.254.169.254").is_ok());
    assert!(of(&[], "64:ff9b::8.8.8.8").is_err());
    assert!(of(&["64:ff9b::/96"], "64:ff9b::8.8.8.8").is_ok());
    assert!(of(&["64:ff9b::/96"], "64:ff9b::10.0.0.5").is_err());
    assert!(of(&["64:ff9b::/96", "10.0.0.0/8"], "64:ff9b::10.0.0.5").is_ok());
    // What hides an IPv4 address needs a grant for the hiding and for the hidden.
    assert!(of(&["10.0.0.0/8"], "::ffff:10.0.0.5").is_err());
    assert!(of(&["::/0"], "::ffff:10.0.0.5").is_err());
    assert!(of(&["::/0", "10.0.0.0/8"], "::ffff:10.0.0.5").is_ok());
    assert!(of(&[], "::ffff:8.8.8.8").is_err());
    assert!(of(&["::ffff:0:0/96"], "::ffff:8.8.8.8").is_ok());
}

#[test]
fn a_granted_literal_covers_itself_and_localhost_covers_this_machine() {
    let literal = |resolved| admitted("http://10.0.0.5", &[], "http://10.0.0.5/", &[resolved]);
    assert!(literal("10.0.0.5").is_ok());
    assert!(literal("10.0.0.6").is_err());
    let local = |resolved| admitted("http://localhost:81", &[], "http://localhost:81/", &[resolved]);
    assert!(local("127.0.0.1").is_ok());
    assert!(local("::1").is_ok());
    assert!(local("10.0.0.5").is_err());
    assert!(local("93.184.216.34").is_err());
    // A name of one's own that leads to this machine is another matter.
    assert!(admitted("http://me.example", &[], "http://me.example/", &["127.0.0.1"]).is_err());
}

#[test]
fn grants_that_make_no_sense_are_refused_with_a_remedy() {
    let table = [
        ("api.twilio.com", "has no scheme", "https://api.twilio.com"),
        ("ftp://a.example", "neither https nor http", "https or http"),
        ("https://*", "has a *", "in full"),
        ("https://*example.com", "has a *", "in full"),
        ("https://a.*.example.com", "has a *", "in full"),
        ("https://*.*.example.com", "has a *", "in full"),
        ("https://*.", "is not a URL", "https://host"),
        ("https://*.10.0.0.1", "before an IP", "alone"),
        ("https://user@a.example", "user name", "secrets"),
        ("https://a.example/?x=1", "query", "path"),
        ("https://a.example/#x", "fragment", "path"),
        ("https://a.example/v1/..%2f", "..", "path"),
        ("https://a.example:0", "port", "65535"),
        ("https://a.example:99999", "is not a URL", "https://host"),
        ("https:// a.example", "spaces", "remove"),
        ("https:\\\\a.example", "backslashes", "remove"),
        ("https://a.example.", "dot at the end", "remove"),
        ("http://2130706433", "unusual spelling", "127.0.0.1"),
        ("http://127.1:80", "unusual spelling", "127.0.0.1"),
        ("", "has no scheme", "https"),
        ("https://", "is not a URL", "https://host"),
    ];
    for (grant, problem, remedy) in table {
        let error = Policy::parse(&strings(&[grant]), &[]).expect_err(grant);
        assert!(error.problem.contains(problem), "{grant}: {error}");
        assert!(error.remedy.contains(remedy), "{grant}: {error}");
        assert_eq!((error.key, error.grant.as_str()), ("http", grant));
    }
    for (range, remedy) in [("10.0.0.5/8", "10.0.0.0/8"), ("10.0.0.0/33", "10.1.0.0/16"), ("localhost", "10.1.0.0/16")]
    {
        let error = Policy::parse(&[], &strings(&[range])).expect_err(range);
        assert_eq!(error.key, "addresses");
        assert!(error.to_string().contains(remedy), "{error}");
    }
}
