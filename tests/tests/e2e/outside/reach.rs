//! What can be reached: grants, names and the addresses behind them, redirects, limits.

use std::time::{Duration, Instant};

use super::{Far, NameServer, deed, metric, setup};
use jackfield_tests::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_resolved_by_the_configured_server_and_every_address_is_checked() {
    let far = Far::start().await;
    let port = far.port();
    let names = NameServer::start()
        .await
        .with("good.example", &[&["127.0.0.1"]])
        .with("inside.example", &[&["10.0.0.1", "192.168.1.1"]])
        .with("metadata.example", &[&["169.254.169.254"]])
        .with("carrier.example", &[&["100.64.0.1"]])
        .with("many.example", &[&["224.0.0.1"]])
        .with("mapped.example", &[&["::ffff:10.0.0.1"]])
        .with("nat64.example", &[&["64:ff9b::a00:1"]])
        .with("sixtofour.example", &[&["2002:a00:1::1"]])
        .with("teredo.example", &[&["2001:0:1:2:3:4:f5ff:fffe"]])
        .with("unique.example", &[&["fd00::1"]])
        .with("mixed.example", &[&["10.0.0.1", "fd00::1", "127.0.0.1"]])
        // The first answer is harmless, the second leads to another address of this machine.
        .with("rebinding.example", &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.2"]]);
    let server = format!("resolver = \"{}\"", names.address());
    let channel = format!("grants = {{ http = [\"http://*.example:{port}\"], addresses = [\"127.0.0.1\"] }}");
    let server = Server::start(setup(&server, &channel)).await;
    let get = async |host: &str| deed(&server, "send", &["GET", &format!("http://{host}:{port}/")]).await;

    assert!(get("good.example").await.starts_with("200\n"));
    let (arrived, asked) = (far.requests().len(), names.asked("good.example"));
    assert_eq!((arrived, asked), (1, 1), "resolved once, and what was resolved is what was connected to");
    for (host, what) in [
        ("inside.example", "10.0.0.1, a private address"),
        ("metadata.example", "169.254.169.254, a cloud's metadata address"),
        ("carrier.example", "100.64.0.1, a carrier's shared address"),
        ("many.example", "224.0.0.1, a multicast address"),
        ("mapped.example", "10.0.0.1, a private address"),
        ("nat64.example", "10.0.0.1, a private address"),
        ("sixtofour.example", "10.0.0.1, a private address"),
        ("teredo.example", "10.0.0.1, a private address"),
        ("unique.example", "fd00::1, a unique local address"),
    ] {
        let denied = get(host).await;
        assert!(denied.starts_with("denied: ") && denied.contains(what), "{host}: {denied}");
        assert!(denied.contains("grants.addresses of [[channel]] id = \"keep\""), "{host}: {denied}");
    }
    // Of several addresses only those that are granted are tried.
    assert!(get("mixed.example").await.starts_with("200\n"));

    // The peer closes, so the next request needs a connection of its own: resolved, and checked, anew.
    let closing = deed(&server, "send", &["GET", &format!("http://rebinding.example:{port}/close")]).await;
    assert!(closing.starts_with("200\n"), "{closing}");
    let rebound = get("rebinding.example").await;
    assert!(rebound.starts_with("denied: ") && rebound.contains("127.0.0.2, a loopback address"), "{rebound}");
    assert!(get("missing.example").await.starts_with("unavailable: "), "no such name");
    assert!(metric(&server, "channel_egress_total", "kind=\"http\",outcome=\"denied\"").await >= 9);
    assert!(metric(&server, "channel_egress_total", "kind=\"http\",outcome=\"dns\"").await >= 1);
    assert!(metric(&server, "channel_egress_total", "kind=\"http\",outcome=\"ok\"").await >= 3);
    assert!(metric(&server, "channel_egress_bytes_total", "direction=\"in\"").await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_urls_and_redirects_reach_nothing() {
    let (far, other) = (Far::start().await, Far::start().await);
    let (port, origin) = (far.port(), far.url(""));
    let names = NameServer::start().await.with("api.example", &[&["127.0.0.1"]]);
    let server = format!("resolver = \"{}\"", names.address());
    let channel = format!(
        "secrets = {{ token = \"env:TOKEN\" }}\n[channel.grants]\n\
         http = [\"http://api.example:{port}\", \"http://127.0.0.1:{}/open/\"]\naddresses = [\"127.0.0.1\"]",
        other.port()
    );
    let server = Server::start(setup(&server, &channel).environment("TOKEN", "a-token-of-the-operator")).await;

    let refused = [
        origin.clone(),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.0.0.1:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://%31%32%37.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://api.example.:{port}/"),
        format!("http://api.example:{port}@127.0.0.1:{port}/"),
        format!("http://user:pass@api.example:{port}/"),
        format!("http://127.0.0.1:{port}#@api.example:{port}/"),
        format!("http://127.0.0.1:{port}\\@api.example:{port}/"),
        format!("http://api.example:{port}\t.evil.example/"),
        format!("http://\u{24d0}pi.example.evil:{port}/"),
        format!("https://api.example:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/".to_owned(),
        format!("http://127.0.0.1:{}/closed/", other.port()),
        format!("http://127.0.0.1:{}/open/..%2fclosed/", other.port()),
    ];
    for url in &refused {
        let answer = deed(&server, "send", &["GET", url]).await;
        assert!(answer.starts_with("denied: ") || answer.starts_with("invalid: "), "{url}: {answer}");
    }
    assert_eq!((far.requests().len(), other.requests().len()), (0, 0));
    let denied = deed(&server, "send", &["GET", &origin]).await;
    assert!(denied.contains(&format!("add \"{origin}\" to grants.http of [[channel]] id = \"keep\"")), "{denied}");

    // A header that would be two.
    let broken = deed(&server, "send", &["GET", &format!("http://api.example:{port}/"), "broken: yes"]).await;
    assert!(broken.starts_with("invalid: "), "{broken}");
    assert_eq!(far.requests().len(), 0);

    // The other spelling of a granted name is that name.
    assert!(deed(&server, "send", &["GET", &format!("http://\u{24d0}PI.example:{port}/")]).await.starts_with("200\n"));

    let base = format!("http://api.example:{port}");
    for (path, to) in [
        ("/to-metadata", "http://169.254.169.254/latest/meta-data/".to_owned()),
        ("/to-mapped", format!("http://[::ffff:127.0.0.1]:{port}/")),
        ("/to-closed", other.url("/closed/")),
        ("/to-file", "file:///etc/passwd".to_owned()),
        ("/to-user", format!("http://user@api.example:{port}/")),
    ] {
        far.redirects(path, &to);
        let answer = deed(&server, "send", &["GET", &format!("{base}{path}"), "redirects: 5"]).await;
        assert!(answer.starts_with("denied: "), "{path}: {answer}");
    }
    assert_eq!(other.requests().len(), 0);

    // To another origin that is granted, without what only the first was given.
    far.redirects("/to-open", &other.url("/open/"));
    let headers = ["authorization: Bearer {token}", "x-key: {token}", "cookie: a=b", "x-plain: stays", "redirects: 1"];
    let start = format!("{base}/to-open");
    let lines: Vec<&str> = ["GET", &start].into_iter().chain(headers).collect();
    assert!(deed(&server, "send", &lines).await.starts_with("200\n"));
    assert!(far.last().contains("Bearer a-token-of-the-operator") && far.last().contains("x-key: a-token"));
    let arrived = other.last();
    assert!(arrived.contains("x-plain: stays"), "{arrived}");
    assert!(!arrived.contains("a-token") && !arrived.contains("cookie"), "{arrived}");
    // To the same origin with it.
    far.redirects("/to-self", "/self");
    let start = format!("{base}/to-self");
    let lines: Vec<&str> = ["GET", &start].into_iter().chain(headers).collect();
    deed(&server, "send", &lines).await;
    assert!(far.last().starts_with("GET /self") && far.last().contains("Bearer a-token-of-the-operator"));
    // A body with a secret goes to nobody else, whatever the redirect says.
    let lines = ["POST", &format!("{base}/to-open"), "redirects: 0", "", "{token}"];
    assert!(deed(&server, "send", &lines).await.starts_with("302\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_call_costs_the_network_is_bounded() {
    let far = Far::start().await;
    let (url, port) = (far.url("/"), far.port());
    let channel = format!(
        "[channel.grants]\nhttp = [\"{}\"]\ntcp = [\"127.0.0.1:{port}\"]\n[channel.limits]\nreceive = \"1s\"\n\
         http-response = \"1KiB\"\nhttp-request = \"100B\"\negress-bytes = \"2KiB\"\ntcp-connections = 3",
        far.url("")
    );
    let server = Server::start(setup("", &channel)).await;
    far.answers("/large", &"x".repeat(1_025));
    far.answers("/fits", &"x".repeat(1_000));

    let large = deed(&server, "send", &["GET", &far.url("/large")]).await;
    assert!(large.starts_with("too-large: "), "{large}");
    assert!(deed(&server, "send", &["GET", &far.url("/fits")]).await.starts_with("200\n"));
    let long = "y".repeat(101);
    let request = deed(&server, "send", &["POST", &url, "", &long]).await;
    assert!(request.starts_with("invalid: ") && request.contains("limits.http-request"), "{request}");

    // Three seconds is the call's wall time; the guest is told before, and can still answer.
    let started = Instant::now();
    let drip = deed(&server, "send", &["GET", &far.url("/drip"), "timeout: 60000"]).await;
    assert!(drip.starts_with("maybe-sent: "), "{drip}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());

    let connects = deed(&server, "connects", &[&format!("tcp://127.0.0.1:{port}")]).await;
    assert_eq!(connects, "quota after 3");
    // They ended with their call.
    assert_eq!(metric(&server, "channel_egress_open", "kind=\"tcp\"").await, 0);
    let denied = deed(&server, "connects", &["tcp://127.0.0.1:1"]).await;
    assert_eq!(denied, "denied after 0");
    let line = deed(&server, "connect", &["tcp://127.0.0.1:1", ""]).await;
    assert!(line.contains("add \"127.0.0.1:1\" to grants.tcp of [[channel]] id = \"keep\""), "{line}");
    for limit in ["http-response", "http-request", "http-timeout", "tcp-connections"] {
        let met = metric(&server, "channel_egress_limits_total", &format!("limit=\"{limit}\"")).await;
        assert!(met >= 1, "{limit} was met");
    }
}
