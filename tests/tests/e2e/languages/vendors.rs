//! Vendors that a guest with WASI reaches and that don't behave.

use super::{lines, log_of, slips};
use jackfield_tests::{Agent, Server, Sink, eventually};
use serde_json::json;
use tokio::net::TcpListener;

/// An answer of an agent's to a new slip, and that it fails; what the log says of `wasi:http`.
async fn fails(server: &Server, id: &str) -> String {
    let mut ana = Agent::available(server, "ana").await;
    let slip = json!({"id": id, "from": "kim", "text": "hello"});
    server.http().post("/channels/slips", &slip).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "hello kim").await;
    ana.event_where("message.status", |data| data["messageId"] == sent && data["status"] == "failed").await;
    let said = eventually("the log says why", async || {
        log_of(server, "slips").await.into_iter().find(|line| line["fields"]["call"] == "wasi:http")
    })
    .await;
    said["text"].as_str().expect("a text").to_owned()
}

/// The channel goes on taking requests in.
async fn goes_on(server: &Server) {
    let slip = json!({"id": "next", "from": "lee", "text": "still there?"});
    server.http().post("/channels/slips", &slip).await.expect(200);
    lines(server, "slips", "slip next came at 20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_answers_is_waited_for_as_long_as_the_config_says() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("its address");
    let accepted = tokio::spawn(async move { silent.accept().await.map(|(stream, _)| stream) });
    let vendor = format!("http://{address}");
    let grant = format!("http = [\"{vendor}\"]");
    let server = slips("js", &vendor, &grant, "http-timeout = \"300ms\"", "").await;
    let said = fails(&server, "1").await;
    assert!(said.contains("did not answer in full within 300ms"), "{said}");
    assert!(accepted.await.expect("a task").is_ok(), "it was reached");
    goes_on(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_too_much_is_cut_off() {
    let sink = Sink::start().await;
    sink.serve("/answers", "application/json", vec![b' '; 1 << 20]);
    let grant = format!("http = [\"{}\"]", sink.url(""));
    let server = slips("js", &sink.url("/answers"), &grant, "http-response = \"64KiB\"", "").await;
    let said = fails(&server, "1").await;
    assert!(said.contains("is longer than 65536 bytes"), "{said}");
    assert_eq!(sink.received().len(), 1, "it was asked once");
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let counted = "jackfield_channel_egress_total{channel=\"slips\",kind=\"http\",outcome=\"too-large\"} 1\n";
    assert!(metrics.contains(counted), "{metrics}");
    goes_on(&server).await;
}
