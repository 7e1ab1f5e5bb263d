//! HTTP as anybody meets it who knows only the address.

use jackfield_tests::{Agent, Answer, READER, Request, SUPERVISOR, Server, Setup, eventually};
use serde_json::{Value, json};

fn setup() -> Setup {
    Setup::simple(&["ana"]).webhook("forms", "")
}

async fn say(server: &Server, id: &str, from: &str) {
    server.http().post("/channels/forms", &json!({"id": id, "from": from, "text": "hello"})).await.expect(200);
}

/// A refusal that programs can read (RFC 9457).
#[track_caller]
fn problem(answer: Answer, status: u16) -> Value {
    assert_eq!(answer.header("content-type").split(';').next(), Some("application/problem+json"), "{}", answer.text());
    let answer = answer.expect(status);
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    assert!(problem["detail"].as_str().or(problem["title"].as_str()).is_some_and(|text| text.len() > 5), "{problem}");
    problem
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_by_its_status() {
    let server = Server::start(setup()).await;
    let http = server.http();
    problem(http.post("/channels/nowhere", &json!({})).await, 404);
    problem(http.get("/no/such/page").await, 404);
    problem(server.operator().get("/v1/work-items/no-such-item").await, 404);
    problem(http.get("/channels/forms").await, 405);
    problem(server.operator().send(Request::new("DELETE", "/v1/agents")).await, 405);
    let form = Request::new("POST", "/channels/forms").header("content-type", "text/plain").body("text=hello");
    problem(http.send(form).await, 415);
    let large = Request::json("/channels/forms", &json!({"id": "m1", "text": "x".repeat(1 << 20)}));
    problem(http.send(large).await, 413);
    let broken = Request::new("POST", "/channels/forms").header("content-type", "application/json").body("{\"id\":");
    problem(http.send(broken).await, 400);
    let items = server.operator().get("/v1/work-items").await.expect(200).json();
    assert_eq!(items["items"], json!([]), "nothing of it is left");
}

#[tokio::test]
async fn health_and_metrics_are_open_on_this_machine() {
    let server = Server::start(setup()).await;
    server.http().get("/healthz").await.expect(200);
    server.http().get("/readyz").await.expect(200);
    say(&server, "m1", "kim").await;
    let metrics = server.http().get("/metrics").await.expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"), "{}", metrics.header("content-type"));
    let text = metrics.text();
    let foreign = text.lines().find(|line| !line.starts_with('#') && !line.starts_with("jackfield_"));
    assert_eq!(foreign, None, "all names begin alike");
    let counted = "jackfield_channel_calls_total{channel=\"forms\",kind=\"receive\",outcome=\"ok\"} 1\n";
    assert!(text.contains(counted), "{text}");
    // Who comes through a proxy comes from elsewhere.
    let proxied = Request::new("GET", "/metrics").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(server.http().send(proxied).await.status, 403);
}

#[tokio::test]
async fn each_token_opens_what_its_role_may_do() {
    let server = Server::start(setup()).await;
    let http = server.http();
    let lists = ["/v1/agents", "/v1/channels", "/v1/drivers", "/v1/queues", "/v1/work-items"];
    for list in lists {
        assert_eq!(problem(http.get(list).await, 401)["status"], 401);
        problem(http.with_token("wrong").get(list).await, 401);
        problem(http.with_token("ana").get(list).await, 403);
        for token in [jackfield_tests::OPERATOR, SUPERVISOR, READER] {
            let answer = http.with_token(token).get(list).await.expect(200).json();
            assert!(answer["items"].is_array() && answer["next"].is_null(), "{list}: {answer}");
        }
    }
    let header = http.get("/v1/agents").await;
    assert!(header.header("www-authenticate").starts_with("Bearer"), "{:?}", header.headers);
    for (token, status) in [(READER, 403), (SUPERVISOR, 403), ("ana", 403)] {
        problem(http.with_token(token).send(Request::new("POST", "/v1/channels/forms/pause")).await, status);
    }
}

#[tokio::test]
async fn a_paused_channel_asks_to_come_again() {
    let server = Server::start(setup()).await;
    let operator = server.operator();
    let pause = async |word: &str| {
        operator.send(Request::new("POST", &format!("/v1/channels/forms/{word}"))).await.is_success()
    };
    assert!(pause("pause").await);
    let refused = server.http().post("/channels/forms", &json!({"id": "m1", "from": "kim", "text": "hello"})).await;
    assert!(!refused.header("retry-after").is_empty(), "{:?}", refused.headers);
    problem(refused, 503);
    let channel = operator.get("/v1/channels/forms").await.expect(200).json();
    assert_eq!(channel["state"], "paused");
    assert!(pause("resume").await);
    say(&server, "m1", "kim").await;
}

#[tokio::test]
async fn lists_come_in_pages_in_the_order_of_ids() {
    let server = Server::start(setup()).await;
    for number in 0..7 {
        say(&server, &format!("m{number}"), &format!("kim{number}")).await;
    }
    let operator = server.operator();
    let mut path = Some("/v1/work-items?limit=3&state=queued".to_owned());
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    while let Some(next) = path {
        let page = operator.get(&next).await.expect(200).json();
        let items = page["items"].as_array().expect("a list");
        sizes.push(items.len());
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()));
        path = page["next"].as_str().map(str::to_owned);
        // What comes meanwhile moves no page.
        say(&server, &format!("n{}", sizes.len()), "somebody else").await;
    }
    assert_eq!(sizes[..2], [3, 3]);
    assert!(ids.is_sorted(), "{ids:?}");
    let mut unique = ids.clone();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "no id twice");
    let first: Vec<_> = ids.iter().take(7).collect();
    assert_eq!(first.len(), 7);
    for wrong in ["limit=0", "limit=501", "limit=many", "state=asleep"] {
        problem(operator.get(&format!("/v1/work-items?{wrong}")).await, 400);
    }
}

#[tokio::test]
async fn an_operator_sees_a_work_item_through_its_life() {
    let server = Server::start(setup()).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let offered = ana.accept().await;
    let id = offered["workItem"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/work-items/{id}");
    let show = async || server.operator().get(&path).await.expect(200).json();
    let item = show().await;
    let shown =
        ["id", "externalIds", "conversation", "state", "queue", "owner", "channel", "mediaType", "priority", "version"]
            .map(|field| item[field].clone());
    assert_eq!(
        shown[..9],
        [
            json!(id),
            json!(["m1"]),
            json!("kim"),
            json!("active"),
            json!("support"),
            json!("ana"),
            json!("forms"),
            json!("message"),
            json!(0)
        ]
    );
    assert!(shown[9].is_u64(), "{item}");
    assert_eq!(item["customer"]["address"], "kim");
    // The agent who has it may look, others may not.
    server.http().with_token("ana").get(&path).await.expect(200);

    ana.complete(&json!(id)).await;
    eventually("the item is closed", async || (show().await["state"] == "closed").then_some(())).await;
    let all = server.operator().get("/v1/work-items?state=closed").await.expect(200).json();
    assert_eq!(all["items"][0]["id"], json!(id));
}

/// What a server that knows the answer says to a client that sends a large body first and listens then.
#[tokio::test]
async fn who_is_still_sending_hears_the_refusal() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start(setup()).await;
    for (path, status) in [("/channels/forms", 413), ("/channels/nowhere", 404), ("/v1/blobs", 401)] {
        for _ in 0..8 {
            let mut stream = tokio::net::TcpStream::connect(server.address()).await.expect("a connection");
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 8388608\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.expect("it reads");
            stream.write_all(&vec![b' '; 8 << 20]).await.expect("it reads to the end");
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(std::str::from_utf8(&answer).expect("a status line"), format!("HTTP/1.1 {status}"), "{path}");
        }
    }
}

/// Bodies count from the first byte that has come, also where their sender takes its time.
#[tokio::test]
async fn bodies_of_one_channel_share_its_room() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    /// Sends all of a body but its end.
    async fn begun(server: &Server, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
        let head = "POST /channels/forms HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
        let begin = format!("{head}content-length: {}\r\n\r\n{}", body.len(), &body[..body.len() - 1]);
        stream.write_all(begin.as_bytes()).await.expect("it reads");
        stream
    }
    /// An answer as far as its head.
    async fn heard(stream: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
            assert!(stream.read_buf(&mut answer).await.expect("an answer") > 0, "it ends early");
        }
        String::from_utf8_lossy(&answer).to_lowercase()
    }
    let server = Server::start(setup().text("[channel.limits]\nbodies = \"64KiB\"")).await;
    let body = |id: &str, size: usize| json!({"id": id, "from": "kim", "text": "x".repeat(size)}).to_string();
    let (mut one, mut two) = (begun(&server, &body("one", 40_000)).await, begun(&server, &body("two", 40_000)).await);
    // Nobody is at the end of a body: one of them, and only that, is answered, since there is no room for it.
    let (refused, other) = tokio::select! {
        answer = heard(&mut one) => (answer, &mut two),
        answer = heard(&mut two) => (answer, &mut one),
    };
    assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after: 1\r\n"), "{refused}");
    other.write_all(b"}").await.expect("it reads");
    let taken = heard(other).await;
    assert!(taken.starts_with("http/1.1 200"), "{taken}");
    let http = server.http();
    let metrics = http.get("/metrics").await.expect(200).text();
    assert!(metrics.contains("jackfield_channel_refused_total{channel=\"forms\"} 1"), "{metrics}");
    let post = async |id: &str, size: usize| {
        http.post("/channels/forms", &json!({"id": id, "from": "kim", "text": "x".repeat(size)})).await
    };
    post("three", 60_000).await.expect(200);
    problem(post("four", 70_000).await, 413);
}
