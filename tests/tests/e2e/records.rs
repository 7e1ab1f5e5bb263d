//! Recording of channels: off by default, gone with its channel, and refused where a secret is shown.

use jackfield_tests::{Kind, OPERATOR, Server, Setup, eventually, guest, jackfield, turncoat};
use serde_json::json;

fn setup(more: &str) -> Setup {
    Setup::simple(&["ana"])
        .driver(guest("turncoat"))
        .text("[[channel]]\nid = \"plain\"\ndriver = \"turncoat\"")
        .text(more)
}

const RECORDED: &str =
    "[[channel]]\nid = \"kept\"\ndriver = \"turncoat\"\nrecord = true\nlimits = { record-calls = 8 }";

#[tokio::test(flavor = "multi_thread")]
async fn only_recorded_channels_are_recorded_within_their_limits_and_until_they_are_gone() {
    let mut server = Server::start(setup(RECORDED)).await;
    for number in 0..12 {
        for channel in ["plain", "kept"] {
            server.http().post_text(&format!("/channels/{channel}/say"), &format!("w{number}")).await.expect(200);
        }
    }
    let records = async |server: &Server, channel: &str| {
        let list = server.operator().get(&format!("/v1/channels/{channel}/records")).await.expect(200).json();
        list["items"].as_array().expect("a list").clone()
    };
    let kept = records(&server, "kept").await;
    assert!((1..=8).contains(&kept.len()), "{kept:?}");
    assert_eq!((&kept[0]["handlers"], &kept[0]["ending"]), (&json!(["Receive"]), &json!("returned")));
    assert!(records(&server, "plain").await.is_empty());
    assert!(!server.data().join("records/plain").exists());
    server.operator().get("/v1/channels/nobody/records").await.expect(404);
    server.operator().get("/v1/channels/kept/records/export?record=none").await.expect(404);

    // One record, against the version that it is of and against one that fails.
    let id = kept[0]["id"].as_str().expect("an id");
    let folder = server.config_path().parent().expect("a folder").to_owned();
    let url = server.url();
    let export = ["channel", "record", "export", "kept", "--record", id, "--output", "one.jsonl"];
    let remote = ["--server", &url, "--token", OPERATOR];
    jackfield(&folder, &[&export[..], &remote].concat()).await.expect(0);
    let run = async |driver: &str| jackfield(&folder, &["driver", "replay", "one.jsonl", "--driver", driver]).await;
    run(guest("turncoat").to_str().expect("a path")).await.expect(0);
    let trapping = folder.join("trapping.wasm");
    std::fs::write(&trapping, turncoat(Kind::Trapping, 3)).expect("written");
    let text = run(trapping.to_str().expect("a path")).await.expect(1).stdout;
    assert!(text.contains("~ the answer") && text.contains("\"kind\":\"trap\""), "{text}");

    // They outlive the server, and go with the channel.
    server.kill().await;
    server.start_again().await;
    assert!(!records(&server, "kept").await.is_empty());
    server.configure(setup(""));
    server.hang_up();
    let folder = server.data().join("records/kept");
    eventually("the records go with their channel", async || (!folder.exists()).then_some(())).await;
}

#[tokio::test]
async fn a_driver_that_may_see_a_secret_is_not_recorded() {
    let shown = setup(RECORDED).text("secrets = { token = \"env:PATH\" }\ngrants = { reveal = [\"token\"] }");
    let server = Server::prepare(shown);
    let folder = server.config_path().parent().expect("a folder").to_owned();
    let ran = jackfield(&folder, &["check", "--config", "jackfield.toml"]).await.expect(2);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("channel[1].record: can't be together with the grant `reveal`"), "{said}");
}
