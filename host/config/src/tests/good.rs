use std::path::Path;
use std::time::Duration;

use jackfield_signing::Trust;
use serde_json::json;

use super::{LEAST, read};
use crate::{ByteSize, Choose, Config, Limits, LogFormat, LogLevel, Metrics, Outcome, Role, Signing, Swap, load};

/// Of a digest.
const DIGITS: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The example of the published contract, letter by letter.
const CONTRACT: &str = include_str!("contract.toml");

#[test]
fn the_contracts_example_is_read_whole() {
    let loaded = read(CONTRACT).unwrap_or_else(|errors| panic!("{errors}"));
    let Config { server, operators, agents, hours, queues, routes, channels } = &loaded.config;
    assert_eq!(server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(server.public_url.as_deref(), Some("https://support.example.com"));
    assert_eq!(server.data, Path::new("/etc/jackfield/./data"));
    assert_eq!(server.drivers, Path::new("/etc/jackfield/./drivers"));

    assert_eq!((operators[0].name.as_str(), operators[0].role), ("ops", Role::Operator));
    assert!(operators[0].token.matches(b"value-of-OPS_TOKEN"));

    assert_eq!((agents[0].id.as_str(), agents[0].name.as_str()), ("ana", "Ana"));
    assert!(agents[0].token.matches(b"ana-token"));
    assert_eq!((agents[0].skills["billing"], agents[0].skills["spanish"]), (5, 3));
    assert!(hours.is_empty());
    assert_eq!(agents[0].teams, ["front"]);
    assert_eq!(agents[0].capacity, 100);
    assert_eq!(agents[0].addresses["voice"], "sip:ana@10.0.0.7");

    assert_eq!(queues[0].id, "support");
    assert_eq!(queues[0].offer_timeout, Some(Duration::from_secs(30)));
    assert_eq!(queues[0].choose, Choose::LongestIdle);
    assert_eq!(queues[0].wrap_up, Duration::ZERO);
    assert_eq!((queues[0].weights["voice"], queues[0].weights["email"]), (100, 10));

    assert_eq!(routes[0].queue, "support");
    assert_eq!(routes[0].priority, Some(5));
    assert_eq!(routes[0].skills["spanish"], 1);
    let condition = routes[0].when.as_ref().expect("has a condition");
    let message = json!({"mediaType": "sms", "workItem": {"language": "es"}});
    let facts = crate::Facts {
        message: &message,
        work_item: &json!(null),
        customer: &json!(null),
        channel: &json!(null),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    assert_eq!(condition.evaluate(&facts), Outcome::Match);
    assert_eq!((routes[1].when.as_ref(), routes[1].priority), (None, None));

    let channel = &channels[0];
    assert_eq!((channel.id.as_str(), channel.driver.to_string().as_str()), ("support-sms", "twilio-sms"));
    assert_eq!(channel.settings, json!({"account-sid": "AC..."}));
    assert_eq!(channel.secrets["auth-token"][0].expose(), b"value-of-TWILIO_TOKEN");
    assert_eq!(channel.grants.http[0].to_string(), "https://api.twilio.com");
    assert_eq!(channel.limits.memory, Some(ByteSize::mib(64)));
    assert_eq!(channel.limits.receive, Some(Duration::from_secs(1)));

    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["c.toml:15:9: agent[0].token: is a secret written out in the file; \
             write \"env:NAME\" or \"file:PATH\" instead",]
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = read(&format!(
        "{LEAST}[[agent]]\nid = \"a\"\ntoken = \"env:TOKEN_A\"\n\
         [[operator]]\ntoken = \"env:TOKEN_B\"\n[[channel]]\nid = \"c\"\ndriver = \"d\""
    ))
    .expect("is right")
    .config;
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url, None);
    assert_eq!(config.server.data, Path::new("/etc/jackfield/data"));
    assert_eq!((config.server.metrics, config.server.signing), (Metrics::Loopback, Signing::Warn));
    assert_eq!(config.server.dedupe_window, Duration::from_secs(400 * 24 * 3600));
    assert_eq!(config.server.retention, Duration::from_secs(400 * 24 * 3600));
    assert_eq!(config.server.agent_grace, Duration::from_secs(60));
    assert_eq!((config.server.log, config.server.log_format), (LogLevel::Info, LogFormat::Text));
    assert_eq!(config.operators[0].name, "operator");
    assert_eq!((config.agents[0].name.as_str(), config.agents[0].capacity), ("a", 100));
    assert_eq!(config.queues[0].offer_timeout, None);
    assert!(!config.queues[0].offer_again && !config.queues[0].away_after_missed);
    let channel = &config.channels[0];
    assert_eq!(channel.settings, json!({}));
    assert_eq!(channel.limits, Limits::default());
    assert_eq!((channel.limits.body, channel.limits.queue), (None, 1024));
    assert_eq!((channel.limits.restarts, channel.limits.quarantine), (60, 1_000));
    assert_eq!((config.server.swap, &config.server.trust), (Swap::default(), &Trust::default()));
    assert!(!channel.simulated && !channel.record && !channel.resend_unknown && channel.listen.is_empty());
}

#[test]
fn every_key_is_taken() {
    let loaded = read(&format!(
        r#"
        {LEAST}
        [server]
        listen = "localhost:0"
        public-url = "https://example.com/jackfield/"
        data = "/var/lib/jackfield"
        metrics = "operator"
        signing = "required"
        trusted-keys = {{ acme = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" }}
        revoked-keys = ["ed25519:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
        revoked-drivers = ["sha256-{DIGITS}"]
        drain = "5s"
        trial = "0s"
        trial-crashes = 7
        dedupe-window = "30d"
        retention = "3650d"
        agent-grace = "0s"
        log = "debug"
        log-format = "json"
        resolver = "192.0.2.53:53"
        [[queue]]
        id = "sales"
        offer-again = true
        away-after-missed = true
        [[channel]]
        id = "c"
        driver = "d@1.2.3"
        listen = ["tcp://127.0.0.1:2424", "udp://[::1]:5060"]
        simulated = true
        resend-unknown = true
        [channel.settings]
        since = 1979-05-27T07:32:00Z
        ratio = 0.5
        hex = 0x10
        nested = {{ list = [1, {{ deep = true }}] }}
        [channel.grants]
        http = ["http://127.0.0.1:9000", "https://*.example.com", "HTTPS://API.Example.com:443/", "http://[::1]", "https://a.example/v1/"]
        addresses = ["10.1.2.3/8", "::1"]
        tcp = ["Mail.example.com:587", "[::1]:25"]
        reveal = ["key"]
        [channel.secrets]
        key = ["env:TOKEN_A", "env:TOKEN_B"]
        [channel.limits]
        body = "2MiB"
        deliver = "15m"
        timer = "500ms"
        queue = 10
        instances = 2
        store-keys = 5
        store-bytes = "1GiB"
        pushes = 3
        host-calls = 4
        restarts = 9
        quarantine = 8
        http-requests = 1
        http-concurrency = 2
        http-request = "3KiB"
        http-response = "4KiB"
        http-head = "8KiB"
        http-timeout = "5s"
        http-redirects = 0
        connect-timeout = "6s"
        tcp-connections = 0
        tcp-concurrency = 7
        egress-bytes = "8MiB"
        "#
    ))
    .unwrap_or_else(|errors| panic!("{errors}"));
    let server = &loaded.config.server;
    assert_eq!(server.listen.to_string(), "127.0.0.1:0");
    assert_eq!(server.public_url.as_deref(), Some("https://example.com/jackfield"));
    assert_eq!(server.data, Path::new("/var/lib/jackfield"));
    assert_eq!(server.signing, Signing::Required);
    assert_eq!(server.trust.keys.values().collect::<Vec<_>>(), ["acme"]);
    assert_eq!((server.trust.revoked_keys.len(), server.trust.revoked_drivers.len()), (1, 1));
    let swap = Swap { drain: Duration::from_secs(5), trial: Duration::ZERO, trial_crashes: 7 };
    assert_eq!(server.swap, swap);
    assert!(loaded.config.queues[1].offer_again && loaded.config.queues[1].away_after_missed);

    let channel = &loaded.config.channels[0];
    assert_eq!(
        channel.settings,
        json!({
            "since": "1979-05-27T07:32:00Z", "ratio": 0.5, "hex": 16,
            "nested": {"list": [1, {"deep": true}]}
        })
    );
    let http: Vec<String> = channel.grants.http.iter().map(ToString::to_string).collect();
    assert_eq!(
        http,
        [
            "http://127.0.0.1:9000",
            "https://*.example.com",
            "https://api.example.com",
            "http://[::1]",
            "https://a.example/v1/"
        ]
    );
    assert_eq!(channel.grants.addresses[0].to_string(), "10.0.0.0/8");
    assert_eq!(channel.grants.addresses[1].to_string(), "::1/128");
    let tcp: Vec<String> = channel.grants.tcp.iter().map(ToString::to_string).collect();
    assert_eq!(tcp, ["mail.example.com:587", "[::1]:25"]);
    assert_eq!(channel.listen[0].to_string(), "tcp://127.0.0.1:2424");
    assert_eq!(channel.limits.body, Some(ByteSize::mib(2)));
    assert_eq!((channel.limits.restarts, channel.limits.quarantine), (9, 8));
    assert_eq!(channel.limits.timer, Some(Duration::from_millis(500)));
    let key: Vec<_> = channel.secrets["key"].iter().map(crate::Secret::expose).collect();
    assert_eq!(key, [b"value-of-TOKEN_A", b"value-of-TOKEN_B"]);
    let egress = crate::EgressLimits {
        http_requests: Some(1),
        http_concurrency: Some(2),
        http_request: Some(ByteSize::kib(3)),
        http_response: Some(ByteSize::kib(4)),
        http_head: Some(ByteSize::kib(8)),
        http_timeout: Some(Duration::from_secs(5)),
        http_redirects: Some(0),
        connect_timeout: Some(Duration::from_secs(6)),
        tcp_connections: Some(0),
        tcp_concurrency: Some(7),
        egress_bytes: Some(ByteSize::mib(8)),
    };
    assert_eq!(channel.limits.egress, egress);
    assert_eq!(server.resolver, Some(std::net::SocketAddr::from(([192, 0, 2, 53], 53))));
}

#[test]
fn settings_have_places_for_those_who_check_them_later() {
    let text = "[[channel]]\nid = \"c\"\ndriver = \"d\"\n[channel.settings]\naccount-sid = 5\n\
                \"a/b\" = { list = [\n  1,\n  { x = 2 },\n] }\n"
        .to_owned()
        + LEAST;
    let config = read(&text).expect("is right").config;
    let channel = &config.channels[0];
    for (pointer, place) in [
        ("", "c.toml:4:1"),
        ("/account-sid", "c.toml:5:15"),
        ("/a~1b/list/1/x", "c.toml:8:9"),
        ("/a~1b/list/7/y", "c.toml:6:18"),
        ("/missing", "c.toml:4:1"),
    ] {
        assert_eq!(channel.place_of(pointer).to_string(), place, "{pointer}");
    }
    assert_eq!(channel.place_of_key("driver").to_string(), "c.toml:3:10");
    assert_eq!(channel.place_of_key("secrets").to_string(), "c.toml:1:1");
    let problem = channel.settings_problem("/a~1b/list/1/x", "is wrong".into(), "write 3".into());
    assert_eq!(problem.to_string(), "c.toml:8:9: channel[0].settings.\"a/b\".list[1].x: is wrong; write 3");
    let problem = channel.key_problem("driver", "is not there".into(), "add it".into());
    assert_eq!(problem.to_string(), "c.toml:3:10: channel[0].driver: is not there; add it");
}

#[test]
fn the_demo_is_right() {
    let config = Config::demo("agent-secret", "operator-secret").expect("is right");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.agents[0].id, "ana");
    assert!(config.agents[0].token.matches(b"agent-secret"));
    assert!(config.operators[0].token.matches(b"operator-secret"));
    assert_eq!(config.channels[0].id, "demo");
    assert_eq!(config.channels[0].settings, json!({"signature": "none"}));
    assert!(Config::demo("same", "same").is_err());
}

#[test]
fn a_file_is_loaded_with_paths_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jackfield.toml");
    std::fs::write(&file, LEAST).unwrap();
    let config = load(&file).expect("is right").config;
    assert_eq!(config.server.data, folder.path().join("data"));

    std::fs::write(&file, [0xff]).unwrap();
    let errors = load(&file).expect_err("is not text").to_string();
    assert!(errors.ends_with("jackfield.toml:1:1: file: is not UTF-8; save it as UTF-8"), "{errors}");
    let errors = load(&folder.path().join("none")).expect_err("is missing").to_string();
    assert!(errors.contains("none:1:1: file: can't be read: No such file"), "{errors}");
}
