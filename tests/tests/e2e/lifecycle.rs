//! How drivers come to serve and go: the watched folder, `PUT`, rollback, restarts; and that what fails changes nothing.

use jackfield_tests::{Answer, Kind, Request, Server, Setup, eventually, jackfield, turncoat, turncoat_version};
use serde_json::{Value, json};

const CHANNEL: &str = "[[channel]]\nid = \"words\"\ndriver = \"turncoat\"\n";

fn setup() -> Setup {
    Setup::simple(&["ana"]).text(CHANNEL)
}

/// A server with a good version in its folder.
async fn started(number: u32) -> Server {
    let server = Server::start(setup()).await;
    drop_in(&server, "turncoat.wasm", &turncoat(Kind::Good, number));
    eventually("the driver that came later serves", async || says(&server, "hello").await).await;
    server
}

/// As a careful deployment does it: under another name first.
fn drop_in(server: &Server, name: &str, bytes: &[u8]) {
    let file = server.drivers().join(name);
    std::fs::write(file.with_extension("part"), bytes).expect("a file");
    std::fs::rename(file.with_extension("part"), file).expect("its name");
}

async fn say(server: &Server, word: &str) -> Answer {
    server.http().post_text("/channels/words/say", word).await
}

/// The version that answers, if one does.
async fn says(server: &Server, word: &str) -> Option<String> {
    let answer = say(server, word).await;
    let text = answer.text();
    answer.is_success().then(|| text.split(' ').next().unwrap_or_default().to_owned())
}

async fn until_version(server: &Server, kind: Kind, number: u32) {
    let wanted = turncoat_version(kind, number);
    eventually(&format!("{wanted} serves"), async || (says(server, "x").await.as_ref() == Some(&wanted)).then_some(()))
        .await;
}

async fn put(server: &Server, name: &str, bytes: Vec<u8>) -> Answer {
    server.operator().send(Request::new("PUT", &format!("/v1/drivers/{name}")).body(bytes)).await
}

async fn roll_back(server: &Server) -> Answer {
    server.operator().send(Request::new("POST", "/v1/drivers/turncoat/rollback")).await
}

async fn of(server: &Server, path: &str) -> Value {
    server.operator().get(path).await.expect(200).json()
}

async fn metric(server: &Server, line: &str) -> u64 {
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let value = metrics.lines().find_map(|found| found.strip_prefix(line));
    value.unwrap_or_else(|| panic!("no {line}:\n{metrics}")).trim().parse().expect("a number")
}

#[tokio::test]
async fn a_channel_is_served_when_its_driver_comes_and_takes_each_newer_file() {
    let server = Server::start(setup()).await;
    let channel = of(&server, "/v1/channels/words").await;
    assert_eq!(channel["state"], "failed", "{channel}");
    assert!(channel["detail"].as_str().is_some_and(|why| why.contains("put turncoat.wasm there")), "{channel}");
    say(&server, "early").await.expect(503);

    // Half of it is there at first: it is waited for, and nothing of it serves.
    let whole = turncoat(Kind::Good, 1);
    std::fs::write(server.drivers().join("turncoat.wasm"), &whole[..whole.len() / 2]).expect("half a file");
    eventually("the half file was looked at", async || {
        (metric(&server, "jackfield_driver_load_failures_total{step=\"verified\"} ").await >= 1).then_some(())
    })
    .await;
    say(&server, "still early").await.expect(503);
    std::fs::write(server.drivers().join("turncoat.wasm"), &whole).expect("the whole file");
    until_version(&server, Kind::Good, 1).await;

    // Broken ones change nothing, and are told.
    drop_in(&server, "turncoat.wasm", b"no component");
    eventually("the log says why", async || server.log().contains("the one before goes on").then_some(())).await;
    until_version(&server, Kind::Good, 1).await;
    drop_in(&server, "turncoat.wasm", &turncoat(Kind::Choosy, 2));
    let log = eventually("the channel's log says why", async || {
        let log = of(&server, "/v1/channels/words/log?limit=500").await.to_string();
        log.contains("this version wants other settings").then_some(log)
    })
    .await;
    assert!(log.contains("nothing was changed"), "{log}");
    assert!(metric(&server, "jackfield_channel_load_failures_total{channel=\"words\"} ").await >= 2);

    drop_in(&server, "turncoat.wasm", &turncoat(Kind::Good, 3));
    until_version(&server, Kind::Good, 3).await;
    // A file that says it is another driver.
    drop_in(&server, "turncoat.wasm", &std::fs::read(jackfield_tests::guest("hostile")).expect("a guest"));
    eventually("the name is told", async || server.log().contains("rename it to hostile@").then_some(())).await;
    until_version(&server, Kind::Good, 3).await;
}

#[tokio::test]
async fn what_was_put_wins_over_the_folder_and_survives_a_restart() {
    let mut server = started(10).await;
    let answer = put(&server, "turncoat", turncoat(Kind::Good, 11)).await.expect(200).json();
    assert_eq!(answer["version"], turncoat_version(Kind::Good, 11), "{answer}");
    assert_eq!(answer["channels"], json!(["words"]));
    until_version(&server, Kind::Good, 11).await;
    let drivers = of(&server, "/v1/drivers").await;
    let driver = &drivers["items"][0];
    assert_eq!(drivers["items"].as_array().map(Vec::len), Some(1), "{drivers}");
    assert_eq!((&driver["source"], &driver["loadedBy"]), (&json!("put"), &json!("operator ops")));
    assert_eq!(driver["previous"][0]["version"], turncoat_version(Kind::Good, 10));

    server.kill().await;
    server.start_again().await;
    until_version(&server, Kind::Good, 11).await;
    let channel = of(&server, "/v1/channels/words").await;
    assert_eq!(channel["driver"], format!("turncoat@{}", turncoat_version(Kind::Good, 11)));

    // A newer file is taken over what was put.
    drop_in(&server, "turncoat.wasm", &turncoat(Kind::Good, 12));
    until_version(&server, Kind::Good, 12).await;
    // And so it stays, without its file.
    std::fs::remove_file(server.drivers().join("turncoat.wasm")).expect("the file");
    eventually("it is warned about", async || server.log().contains("its file is gone").then_some(())).await;
    until_version(&server, Kind::Good, 12).await;
    server.stop().await;
    server.start_again().await;
    until_version(&server, Kind::Good, 12).await;
}

#[tokio::test]
async fn what_was_rolled_back_is_not_taken_from_the_folder_again() {
    let mut server = started(20).await;
    drop_in(&server, "turncoat.wasm", &turncoat(Kind::Good, 21));
    until_version(&server, Kind::Good, 21).await;
    let answer = roll_back(&server).await.expect(200).json();
    assert_eq!(answer["version"], turncoat_version(Kind::Good, 20), "{answer}");
    until_version(&server, Kind::Good, 20).await;
    // The same bytes again, and a restart: it stays rolled back.
    drop_in(&server, "turncoat.wasm", &turncoat(Kind::Good, 21));
    server.stop().await;
    server.start_again().await;
    until_version(&server, Kind::Good, 20).await;
    let again = roll_back(&server).await.expect(409).json();
    assert!(again["detail"].as_str().is_some_and(|why| why.contains("nothing to go back to")), "{again}");
    // Another version is taken, and the one rolled back where an operator asks for it by name.
    drop_in(&server, "turncoat.wasm", &turncoat(Kind::Good, 22));
    until_version(&server, Kind::Good, 22).await;
    put(&server, "turncoat", turncoat(Kind::Good, 21)).await.expect(200);
    until_version(&server, Kind::Good, 21).await;

    // Who did what is in the journal.
    let data = server.data();
    server.stop().await;
    let folder = data.parent().expect("a folder");
    let dump = jackfield(folder, &["journal", "dump", "--data", "data"]).await.expect(0).stdout;
    for act in ["driver.loaded", "driver.rolled-back", "operator ops", "\"folder\""] {
        assert!(dump.contains(act), "{act} is in the journal: {dump}");
    }
}

#[tokio::test]
async fn what_may_not_be_put_changes_nothing_and_is_told() {
    let server = started(30).await;
    let detail = |answer: Answer| answer.json()["detail"].as_str().unwrap_or_default().to_owned();
    let other = detail(put(&server, "hostile", turncoat(Kind::Good, 31)).await.expect(422));
    assert!(other.contains("turncoat@"), "{other}");
    let cut = turncoat(Kind::Good, 31);
    put(&server, "turncoat", cut[..cut.len() - 100].to_vec()).await.expect(422);
    let text = detail(put(&server, "turncoat", b"hello".to_vec()).await.expect(422));
    assert!(text.contains("WebAssembly"), "{text}");
    put(&server, "turncoat", Vec::new()).await.expect(400);
    let choosy = detail(put(&server, "turncoat", turncoat(Kind::Choosy, 31)).await.expect(422));
    assert!(choosy.contains("words") && choosy.contains("write them"), "{choosy}");
    // Only operators may.
    let reader = server.http().with_token(jackfield_tests::READER);
    reader.send(Request::new("PUT", "/v1/drivers/turncoat").body("no driver")).await.expect(403);
    reader.send(Request::new("POST", "/v1/drivers/turncoat/rollback")).await.expect(403);
    server.http().send(Request::new("DELETE", "/v1/drivers/turncoat")).await.expect(401);
    until_version(&server, Kind::Good, 30).await;
}

#[tokio::test]
async fn what_was_put_can_be_taken_back() {
    let server = started(40).await;
    let delete =
        async |name: &str| server.operator().send(Request::new("DELETE", &format!("/v1/drivers/{name}"))).await;
    delete("turncoat").await.expect(409);
    delete("nobody").await.expect(404);
    put(&server, "turncoat", turncoat(Kind::Good, 41)).await.expect(200);
    until_version(&server, Kind::Good, 41).await;
    let back = delete("turncoat").await.expect(200).json();
    assert_eq!(back["version"], turncoat_version(Kind::Good, 40), "the folder's file serves again: {back}");
    until_version(&server, Kind::Good, 40).await;

    // What no channel asks for can be put, listed and forgotten.
    let hostile = std::fs::read(jackfield_tests::guest("hostile")).expect("a guest");
    put(&server, "hostile", hostile).await.expect(200);
    let names = async || -> Vec<Value> {
        let drivers = of(&server, "/v1/drivers").await;
        drivers["items"].as_array().expect("a list").iter().map(|driver| driver["name"].clone()).collect()
    };
    assert_eq!(names().await, ["hostile", "turncoat"]);
    delete("hostile").await.expect(204);
    assert_eq!(names().await, ["turncoat"]);
}

#[tokio::test]
async fn the_command_line_loads_rolls_back_and_unloads() {
    let server = started(50).await;
    let config = server.config_path();
    let folder = config.parent().expect("a folder");
    std::fs::write(folder.join("turncoat@next.wasm"), turncoat(Kind::Good, 51)).expect("a file");
    let url = server.url();
    let run = async |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--server", &url, "--token", jackfield_tests::OPERATOR]);
        jackfield(folder, &all).await
    };
    let loaded = run(&["driver", "load", "turncoat@next.wasm"]).await.expect(0);
    assert!(loaded.stdout.contains(&turncoat_version(Kind::Good, 51)) && loaded.stdout.contains("words"), "{loaded:?}");
    let list = run(&["driver", "list"]).await.expect(0).stdout;
    assert!(list.contains("serving") && list.contains("operator ops"), "{list}");
    let back = run(&["driver", "rollback", "turncoat", "--json"]).await.expect(0).json();
    assert_eq!(back["version"], turncoat_version(Kind::Good, 50));
    run(&["driver", "rollback", "turncoat"]).await.expect(1);
    let unloaded = run(&["driver", "unload", "turncoat"]).await.expect(0);
    assert!(unloaded.stdout.contains(&turncoat_version(Kind::Good, 50)), "{unloaded:?}");
}

#[tokio::test]
async fn a_paused_channel_stays_paused_over_a_restart() {
    let mut server = started(60).await;
    server.operator().send(Request::new("POST", "/v1/channels/words/pause")).await.expect(200);
    server.kill().await;
    server.start_again().await;
    let refused = say(&server, "hello").await.expect(503);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(of(&server, "/v1/channels/words").await["state"], "paused");
    server.operator().send(Request::new("POST", "/v1/channels/words/resume")).await.expect(200);
    server.kill().await;
    server.start_again().await;
    say(&server, "hello again").await.expect(200);
}
