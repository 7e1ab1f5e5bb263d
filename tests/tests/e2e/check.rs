//! `jackfield check`: what is wrong with a config, where, and what to do.

use std::path::Path;

use jackfield_tests::{Ran, driver, guest, jackfield};

/// Checks a config beside a drivers folder with these files.
async fn check(config: &str, drivers: &[std::path::PathBuf]) -> Ran {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("drivers")).expect("the drivers folder");
    for file in drivers {
        std::fs::copy(file, folder.path().join("drivers").join(file.file_name().unwrap_or_default()))
            .expect("a driver");
    }
    std::fs::write(folder.path().join("site.toml"), config).expect("the config");
    jackfield(folder.path(), &["check", "--config", "site.toml"]).await
}

/// The line that names this place; it must say what is wrong and what to do.
#[track_caller]
fn line<'a>(ran: &'a Ran, place: &str, key: &str) -> &'a str {
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let start = format!("site.toml:{place}: {key}: ");
    let found = ran.stderr.lines().find(|line| line.starts_with(&start) || line.starts_with(&format!("./{start}")));
    let found = found.unwrap_or_else(|| panic!("no line begins with `{start}`:\n{}", ran.stderr));
    let (problem, remedy) = found.rsplit_once("; ").unwrap_or_else(|| panic!("no remedy: {found}"));
    assert!(problem.len() > start.len() && remedy.len() > 5, "{found}");
    found
}

const GOOD: &str = "\
[[agent]]
id = \"ana\"
token = \"secret\"
[[queue]]
id = \"support\"
[[route]]
queue = \"support\"
";

#[tokio::test]
async fn a_config_that_is_right_is_said_to_be() {
    let ran = check(GOOD, &[]).await.expect(0);
    assert!(ran.stderr.contains("site.toml:3:9: agent[0].token: "), "a literal token is warned about: {}", ran.stderr);
}

#[tokio::test]
async fn every_error_is_told_at_once_with_its_place() {
    let config = "\
[server]
listen = \"somewhere\"
lisden = \"127.0.0.1:1\"
[[agent]]
id = \"ana\"
[[queue]]
id = \"support\"
offer-timeout = \"soon\"
[[route]]
when = 'message.mediaType =='
queue = \"support\"
[[route]]
queue = \"suport\"
";
    let ran = check(config, &[]).await;
    line(&ran, "2:10", "server.listen");
    let unknown = line(&ran, "3:1", "server.lisden");
    assert!(unknown.contains("`listen`"), "the nearest key is named: {unknown}");
    line(&ran, "4:1", "agent[0].token");
    line(&ran, "8:17", "queue[0].offer-timeout");
    line(&ran, "10:29", "route[0].when");
    let queue = line(&ran, "13:9", "route[1].queue");
    assert!(queue.contains("`support`"), "{queue}");
    assert_eq!(ran.stderr.lines().filter(|line| line.starts_with("site.toml:")).count(), 6, "{}", ran.stderr);
}

#[tokio::test]
async fn what_is_listened_on_must_be_of_use() {
    let config = format!(
        "{GOOD}[[channel]]\nid = \"deaf\"\ndriver = \"keeper\"\nlisten = [\"tcp://127.0.0.1:0\"]
[[channel]]\nid = \"line\"\ndriver = \"party-line\"\nlisten = [\"tls://127.0.0.1:0\"]
tls = {{ certificate = \"site.toml\", key = \"missing.pem\" }}\n"
    );
    let ran = check(&config, &[guest("keeper"), guest("party-line")]).await;
    let deaf = line(&ran, "11:10", "channel[0].listen");
    assert!(deaf.contains("exports no `stream`"), "{deaf}");
    line(&ran, "16:7", "channel[1].tls.certificate");
    line(&ran, "16:42", "channel[1].tls.key");
}

#[tokio::test]
async fn routes_must_end_in_one_that_catches_all() {
    let ran = check(&format!("{GOOD}when = 'true'\n"), &[]).await;
    let last = line(&ran, "6:1", "route[0]");
    assert!(last.contains("no `when`"), "{last}");
}

#[tokio::test]
async fn what_is_no_toml_is_told_with_its_place() {
    let ran = check("[server\n", &[]).await.expect(2);
    assert!(ran.stderr.starts_with("site.toml:1:"), "{}", ran.stderr);
}

#[tokio::test]
async fn drivers_check_their_own_settings() {
    let config = format!(
        "{GOOD}
[[channel]]
id = \"texts\"
driver = \"twilio-sms\"
settings = {{ account-sid = \"AC1\", form = \"+14155550100\" }}
secrets = {{ auth-token = \"t\" }}
grants = {{ http = [\"https://api.twilio.com\"] }}
[[channel]]
id = \"more-texts\"
driver = \"twilio-sms\"
settings = {{ account-sid = \"AC1\" }}
secrets = {{ auth-token = \"t\" }}
grants = {{ http = [\"https://api.twilio.com\"] }}
[[channel]]
id = \"forms\"
driver = \"webhook\"
settings = {{ signature = \"hmac\" }}
[[channel]]
id = \"wire\"
driver = \"telegraf\"
[[channel]]
id = \"bad\"
driver = \"hostile\"
settings = {{ at-configure = \"refuse\" }}
"
    );
    let drivers = [driver("twilio-sms"), driver("webhook"), guest("telegraph"), guest("hostile")];
    let ran = check(&config, &drivers).await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let mentions = |words: &[&str]| {
        let found = ran
            .stderr
            .lines()
            .any(|line| line.starts_with("site.toml:") && words.iter().all(|word| line.contains(word)));
        assert!(found, "no line with {words:?}:\n{}", ran.stderr);
    };
    // By the schema, by the driver itself, a secret that is missing, a driver that is missing.
    mentions(&["site.toml:12:", "channel[0].settings", "form"]);
    mentions(&["channel[1].settings", "from"]);
    mentions(&["channel[2].", "signing-secret"]);
    mentions(&["channel[3].driver", "telegraf"]);
    mentions(&["channel[4].settings.at-configure", "it refuses", "write something else"]);
}

#[tokio::test]
async fn what_is_given_but_wrong_is_not_missing_as_well() {
    let config = format!(
        "{GOOD}
[[channel]]
id = \"texts\"
driver = \"twilio-sms\"
settings = {{ account-sid = \"AC1\", api-base = \"gopher://x\" }}
secrets = {{ auth-token = \"file:nowhere\" }}
grants = {{ http = [\"https://api.twilio.com/path?query\"] }}
[[channel]]
id = \"forms\"
driver = \"webhook\"
settings = {{ signature = \"magic\" }}
secrets = {{ signing-secret = \"s\" }}
"
    );
    let ran = check(&config, &[driver("twilio-sms"), driver("webhook")]).await;
    line(&ran, "13:26", "channel[0].secrets.auth-token");
    line(&ran, "14:20", "channel[0].grants.http[0]");
    // The driver's own check isn't put off until the rest is right.
    line(&ran, "12:12", "channel[0].settings.from");
    let told = |key: &str| ran.stderr.lines().filter(|line| line.contains(&format!(": {key}"))).count();
    assert_eq!((told("channel[0].secrets"), told("channel[0].grants")), (1, 1), "{}", ran.stderr);
    let signature = line(&ran, "18:26", "channel[1].settings.signature");
    assert!(signature.ends_with("\"stripe\", \"token\", \"basic\", \"none\""), "all values are listed: {signature}");
    assert!(ran.stderr.contains("warning: site.toml:3:9: agent[0].token: "), "warnings come along: {}", ran.stderr);
}

#[tokio::test]
async fn an_address_that_no_grant_covers_is_warned_about() {
    let config = format!(
        "{GOOD}
[[channel]]
id = \"forms\"
driver = \"webhook\"
settings = {{ signature = \"token\", reply-url = \"https://x.example.com/r\" }}
secrets = {{ signing-secret = \"s\" }}
grants = {{ http = [\"https://y.example.com\"] }}
"
    );
    let ran = check(&config, &[driver("webhook")]).await.expect(0);
    let start = "warning: site.toml:12:47: channel[0].settings.reply-url: ";
    let found = ran.stderr.lines().find(|line| line.starts_with(start));
    assert!(found.is_some_and(|line| line.contains("add \"https://x.example.com\"")), "{}", ran.stderr);
}

#[tokio::test]
async fn problems_are_json_when_asked_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("site.toml"), format!("colour = 1\n{GOOD}")).expect("the config");
    let ran = jackfield(folder.path(), &["check", "--json", "--config", "site.toml"]).await.expect(2);
    assert_eq!(ran.stderr, "");
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let error = &report["errors"][0];
    assert_eq!((&report["ok"], &error["key"], &error["line"]), (&false.into(), &"colour".into(), &1.into()));
    assert_eq!((&error["file"], &error["column"]), (&"site.toml".into(), &1.into()));
    assert_eq!(report["warnings"][0]["key"], "agent[0].token");
}

#[tokio::test]
async fn a_server_does_not_start_on_a_config_that_is_wrong() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("site.toml"), "colour = \"blue\"\n").expect("the config");
    let ran = jackfield(folder.path(), &["serve", "--config", "site.toml"]).await;
    line(&ran, "1:1", "colour");
    assert_eq!(ran.stdout, "");
    assert!(!Path::new(&folder.path().join("data")).exists(), "nothing was begun");
}

#[tokio::test]
async fn wrong_usage_is_exit_2() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for arguments in [&["serve", "--confg", "x"][..], &["chek"], &["check"]] {
        let ran = jackfield(folder.path(), arguments).await.expect(2);
        assert!(ran.stderr.contains("Usage") || ran.stderr.contains("usage"), "{}", ran.stderr);
    }
    let ran = jackfield(folder.path(), &["check", "--config", "missing.toml"]).await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("missing.toml"), "{}", ran.stderr);
}
