//! What the system claims to be, one test a claim, over an invented medium.

use jackfield_tests::{Agent, Server, Setup, digest_at_socket, eventually, guest, jackfield, root};
use serde_json::{Value, json};

/// A channel `wire` of the medium `telegraph`, one queue, the agents named.
fn telegraph(agents: &[&str]) -> Setup {
    Setup::simple(agents).guest("wire", "telegraph")
}

/// Hands telegrams in; what the driver answered for each line.
async fn hand_in(server: &Server, number: &str, lines: &str) -> Value {
    server.http().post_text(&format!("/channels/wire?nr={number}"), lines).await.expect(200).json()
}

/// What the driver was delivered, by the interaction's name.
async fn delivered(server: &Server, name: &str) -> Value {
    eventually(&format!("the driver is delivered {name}"), async || {
        let deliveries = server.http().get("/channels/wire/deliveries").await.expect(200).json();
        deliveries.as_array().and_then(|all| all.iter().find(|delivery| delivery["name"] == name).cloned())
    })
    .await
}

#[tokio::test]
async fn claim_1_a_driver_in_contact_with_its_channel_receives_the_request() {
    let server = Server::start(telegraph(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;

    // The words are the driver's own: the server asked it.
    let health = async |state: &str| {
        eventually(&format!("the channel's health is {state}"), async || {
            let channels = server.operator().get("/v1/channels").await.expect(200).json();
            let channel = channels["items"].as_array()?.iter().find(|channel| channel["id"] == "wire")?.clone();
            (channel["health"]["state"] == state).then(|| channel["health"].clone())
        })
        .await
    };
    assert_eq!(health("connected").await["detail"], "the line hums");

    hand_in(&server, "1", "+15550100 My order has not come").await;
    let offered = ana.event("offer.created").await;
    assert_eq!(offered["message"]["parts"][0]["text"], "My order has not come");
    assert_eq!(offered["message"]["driver"], "telegraph@3.14.15");

    hand_in(&server, "2", "+15550100 LINE transient-error").await;
    health("transient-error").await;
}

#[tokio::test]
async fn claim_2_one_message_for_each_thing_said_and_what_lacks_information_is_refused() {
    let server = Server::start(telegraph(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;

    // A batch makes several, a call that only asks makes none.
    let answers = hand_in(&server, "1", "+15550100 one\n+15550100 two\n+15550101 three\n").await;
    assert_eq!(answers.as_array().map(Vec::len), Some(3));
    server.http().get("/channels/wire/deliveries").await.expect(200);
    let items = server.operator().get("/v1/work-items").await.expect(200).json();
    let mut counts = Vec::new();
    for item in items["items"].as_array().expect("a list") {
        let id = item["id"].as_str().expect("an id");
        let messages = server.operator().get(&format!("/v1/work-items/{id}/messages")).await.expect(200).json();
        counts.push(messages["items"].as_array().map_or(0, Vec::len));
    }
    counts.sort_unstable();
    assert_eq!(counts, [1, 2], "three messages in two work items: {items}");

    // A support request has CRM information and an interaction, each in its place.
    let message = ana.event("offer.created").await["message"].clone();
    assert_eq!(message["interaction"]["name"], "support-request");
    assert_eq!(message["interaction"]["kind"], "request");
    assert_eq!(message["workItem"]["customer"]["address"], message["workItem"]["conversation"]);

    for (path, code, at) in [
        ("without-crm", "missing-crm-information", ""),
        ("without-work-item", "missing-crm-information", "/workItem"),
        ("without-interaction", "missing-interaction", "/interaction/name"),
        ("without-event-id", "invalid", "/eventId"),
        ("crm-inside", "crm-in-interaction", "/interaction/arguments/workItem"),
    ] {
        let answer = server.http().post_text(&format!("/channels/wire/{path}?nr=w-{path}"), "+15550102 wrong").await;
        let problem = answer.expect(422).json();
        assert_eq!(problem["code"], code, "{path}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(at)), "{path} names {at}: {problem}");
    }
    let after = server.operator().get("/v1/work-items").await.expect(200).json();
    assert_eq!(after["items"].as_array().map(Vec::len), Some(2), "nothing of the refused is left");
}

#[tokio::test]
async fn claim_3_the_format_is_a_published_versioned_specification_that_both_sides_hold() {
    let here = root();
    let wit = jackfield(&here, &["spec", "wit"]).await.expect(0).stdout;
    let package =
        wit.lines().find_map(|line| line.strip_prefix("package jackfield:channel@")).expect("the package's line");
    let version = package.trim_end_matches(';');
    let checked = jackfield(&here, &["driver", "check", &guest("telegraph").to_string_lossy()]).await.expect(0).stdout;
    assert!(checked.contains(&format!("jackfield:channel@{version}")), "{checked}");

    // What an agent is sent is what the published schema describes.
    let schema = jackfield(&here, &["spec", "json-schema"]).await.expect(0).json();
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let server = Server::start(telegraph(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    hand_in(&server, "1", "+15550100 hello").await;
    let mut message = ana.event("offer.created").await["message"].clone();
    let errors: Vec<String> = validator.iter_errors(&message).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}: {message}");
    message["workItem"]["conversation"] = json!(7);
    assert!(!validator.is_valid(&message), "the schema lets everything through");

    // Before anything is exchanged: a driver of another version of it never serves.
    let other = server.drivers().join("telegraph@0.0.1.wasm");
    std::fs::write(&other, patched("telegraph", &format!("@{version}"), "@7.9.0")).expect("a file");
    let refused = jackfield(&here, &["driver", "check", &other.to_string_lossy()]).await;
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("7.9.0") && refused.stderr.contains(version), "names both: {}", refused.stderr);
    assert!(
        refused.stderr.contains("rebuild") || refused.stderr.contains("build"),
        "says what to do: {}",
        refused.stderr
    );
}

/// A guest's component with every `from` replaced, which must be as long.
fn patched(name: &str, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(guest(name)).expect("the component");
    let mut found = 0;
    for at in 0..bytes.len().saturating_sub(from.len()) {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{name} does not hold {from}");
    bytes
}

#[tokio::test]
async fn claim_4_a_medium_that_nobody_has_thought_of_reaches_an_agent() {
    // The server starts without it: another medium, another driver.
    let plain = Setup::simple(&["ana"]).webhook("forms", "");
    let mut server = Server::start(plain).await;
    assert_eq!(server.http().post_text("/channels/wire", "+15550100 hello").await.status, 404);

    std::fs::copy(guest("telegraph"), server.drivers().join("telegraph.wasm")).expect("the driver's file");
    server.configure(telegraph(&["ana"]).webhook("forms", ""));
    server.hang_up();
    eventually("the new channel is served", async || {
        (server.http().get("/channels/wire/starts").await.status == 200).then_some(())
    })
    .await;
    let mut ana = Agent::available(&server, "ana").await;
    hand_in(&server, "1", "+15550100 hello over the wire").await;
    let offered = ana.accept().await;
    assert_eq!(offered["message"]["mediaType"], "telegraph");
    assert_eq!(offered["workItem"]["mediaType"], "telegraph");

    // The way back is the same.
    ana.reply(&offered["workItem"]["id"], "we are on it").await;
    let sent = delivered(&server, "message.send").await;
    assert_eq!(sent["message"]["parts"][0]["text"], "we are on it");
}

#[tokio::test]
async fn claim_5_server_and_driver_are_changed_and_restarted_separately() {
    let mut server = Server::start(telegraph(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    hand_in(&server, "1", "+15550100 before").await;
    let item = ana.accept().await["workItem"]["id"].clone();

    // The server with another config, the driver untouched: the request goes on where it was.
    server.stop().await;
    server.configure(telegraph(&["ana", "ben"]));
    server.start_again().await;
    let mut ana = Agent::connect(&server, "ana").await;
    assert_eq!(ana.snapshot()["workItems"][0]["workItem"]["id"], item);
    ana.set_state("available").await;
    hand_in(&server, "2", "+15550100 after the server's change").await;
    let joined = ana.event("message.received").await;
    assert_eq!(joined["workItem"]["id"], item);
    assert_eq!(joined["message"]["driver"], "telegraph@3.14.15");

    // The driver in another version, the server untouched: what it stored is still there.
    server.stop().await;
    std::fs::write(server.drivers().join("telegraph.wasm"), patched("telegraph", "3.14.15", "3.14.16"))
        .expect("a file");
    server.start_again().await;
    let mut ana = Agent::connect(&server, "ana").await;
    hand_in(&server, "3", "+15550100 after the driver's change").await;
    let joined = ana.event_where("message.received", |data| data["message"]["eventId"] == "3").await;
    assert_eq!(joined["workItem"]["id"], item);
    assert_eq!(joined["message"]["driver"], "telegraph@3.14.16");
    let starts = eventually("the third start is noted", async || {
        let starts = server.http().get("/channels/wire/starts").await.expect(200).json();
        starts.as_array().map(Vec::len).filter(|count| *count >= 3)
    })
    .await;
    assert_eq!(starts, 3, "the driver is told of each start once");
}

#[tokio::test]
async fn claim_6_the_message_is_pushed_under_one_id_and_its_encoded_part_is_unchanged() {
    let server = Server::start(telegraph(&["ana", "ben"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut ben = Agent::connect(&server, "ben").await;
    // No stimulus, no push.
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());

    let at_driver = hand_in(&server, "SM1", "+15550100 hello").await[0].clone();
    let offered = ana.event("offer.created").await;
    let message = &offered["message"];
    assert_eq!(message["id"], at_driver["id"]);
    assert_eq!(message["digest"], at_driver["digest"]);
    assert_eq!(digest_at_socket(message), at_driver["digest"], "made again from the frame: {message}");
    assert_eq!(message["agent"]["id"], "ana");
    assert_eq!(message["agent"]["presence"], "available");
    assert!(message.get("encodedAgent").is_none(), "the driver encoded no agent: {message}");
    assert_eq!(
        (&message["eventId"], &message["cause"]),
        (&json!("SM1"), &Value::Null),
        "the chain ends at the channel's id"
    );

    // In the journal it is the same.
    let item = offered["workItem"]["id"].as_str().expect("an id");
    let kept = server.operator().get(&format!("/v1/work-items/{item}/messages")).await.expect(200).json();
    assert_eq!((&kept["items"][0]["id"], &kept["items"][0]["digest"]), (&at_driver["id"], &at_driver["digest"]));

    // Only who is to have it is pushed it.
    assert_eq!(ben.so_far("offer.created").await, Vec::<Value>::new());

    // The answer's chain leads back to it, and its identity is the server's, not the agent's.
    ana.ok(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
    let sent = json!({
        "type": "message.send", "workItemId": item, "text": "hello back",
        "agent": {"id": "ben"}, "messageId": "made-up", "direction": "inbound", "channel": "another"
    });
    let answer = ana.ok(sent).await["messageId"].as_str().expect("an id").to_owned();
    assert_ne!(answer, "made-up");
    let delivery = delivered(&server, "message.send").await;
    assert_eq!(delivery["message"]["id"], answer);
    assert_eq!(delivery["message"]["agent"]["id"], "ana");
    assert_eq!(delivery["message"]["channel"], "wire");
    assert_eq!(delivery["message"]["direction"], "outbound");
    assert_eq!(delivery["message"]["cause"], at_driver["id"]);
}

#[tokio::test]
async fn claim_6_identity_that_a_driver_makes_up_is_ignored() {
    let server = Server::start(telegraph(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    let answers = server.http().post_text("/channels/wire/forged?nr=F1", "+15550100 trust me").await.expect(200).json();
    let honest = &answers[0];
    assert_eq!(answers[1]["id"], honest["id"], "the id is made of channel and event id, whatever the driver says");

    let offered = ana.event("offer.created").await;
    let message = &offered["message"];
    assert_eq!(message["id"], honest["id"]);
    assert_eq!(message["digest"], honest["digest"]);
    assert_eq!(digest_at_socket(message), honest["digest"]);
    assert_eq!(message["channel"], "wire");
    assert_eq!(message["driver"], "telegraph@3.14.15");
    assert_eq!(message["direction"], "inbound");
    assert!(message["receivedAt"].as_str().is_some_and(|at| at > "2020"), "{message}");
    assert_eq!(message["workItem"]["id"], offered["workItem"]["id"]);
    // Whom the customer asked for is kept beside who gets it.
    assert_eq!(message["agent"]["id"], "ana");
    assert_eq!(message["encodedAgent"]["id"], "somebody");
}

#[tokio::test]
async fn claim_7_the_route_depends_on_what_is_in_the_message() {
    let setup = Setup::new()
        .agent("ana")
        .text("[[queue]]\nid = \"first\"\n[[queue]]\nid = \"second\"")
        .text("[[route]]\nwhen = 'message.parts[0].text == \"two\"'\nqueue = \"second\"\n[[route]]\nqueue = \"first\"")
        .guest("wire", "telegraph");
    let server = Server::start(setup).await;
    let queue_of = async |number: &str, line: &str| {
        let id = hand_in(&server, number, line).await[0]["id"].clone();
        let items = server.operator().get("/v1/work-items").await.expect(200).json();
        for item in items["items"].as_array().expect("a list") {
            if item["externalIds"].as_array().is_some_and(|ids| ids.contains(&json!(number))) {
                return item["queue"].clone();
            }
        }
        panic!("no work item of the message {id}: {items}");
    };
    assert_eq!(queue_of("1", "+15550100 one").await, "first");
    assert_eq!(queue_of("2", "+15550101 two").await, "second");
}

#[tokio::test]
async fn claim_8_commands_requests_and_notifications_go_both_ways() {
    let server = Server::start(telegraph(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;

    // A request to the server, and one that is answered at once.
    hand_in(&server, "1", "+15550100 hello").await;
    let offered = ana.event("offer.created").await;
    let item = &offered["workItem"]["id"];
    let state = hand_in(&server, "2", "+15550100 STATE").await[0].clone();
    assert_eq!(state["interaction"]["kind"], "notification");
    assert_eq!(
        (&state["interaction"]["name"], &state["interaction"]["inReplyTo"]),
        (&json!("work-item.state"), &json!("2"))
    );
    assert_eq!((&state["workItem"]["id"], &state["workItem"]["state"]), (item, &json!("offered")));
    assert_eq!(state["queue"]["id"], "support");

    // A notification to the driver: the work item, the agent, and what happened.
    ana.ok(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;

    // Who is it, and who serves them: known of the one, not of a stranger.
    let found = hand_in(&server, "who-1", "+15550100 WHO").await[0].clone();
    let arguments = &found["interaction"]["arguments"];
    assert_eq!((&arguments["openWorkItems"], &arguments["preferredAgent"]), (&json!([item]), &json!("ana")));
    assert!(arguments["customerId"].is_string(), "{found}");
    assert_eq!((&found["agent"]["id"], &found["agent"]["presence"]), (&json!("ana"), &json!("available")));
    let stranger = hand_in(&server, "who-2", "+15559999 WHO").await[0]["interaction"]["arguments"].clone();
    assert_eq!(stranger, json!({"customerId": null, "openWorkItems": [], "preferredAgent": null}));
    let assigned = delivered(&server, "work-item.assigned").await["message"].clone();
    assert_eq!(assigned["interaction"]["kind"], "notification");
    assert_eq!((&assigned["workItem"]["id"], &assigned["workItem"]["state"]), (item, &json!("active")));
    assert_eq!(assigned["workItem"]["conversation"], "+15550100");
    assert_eq!(assigned["workItem"]["customer"]["address"], "+15550100");
    assert_eq!((&assigned["agent"]["id"], &assigned["agent"]["name"]), (&json!("ana"), &json!("ana the agent")));
    assert_eq!(assigned["cause"], offered["message"]["id"]);

    // A command to the driver.
    let sent = ana.reply(item, "hello back").await;
    let command = delivered(&server, "message.send").await;
    let message = &command["message"];
    assert_eq!((&message["id"], &message["interaction"]["kind"]), (&json!(sent), &json!("command")));
    assert_eq!((&message["workItem"]["id"], &message["agent"]["id"]), (item, &json!("ana")));
    assert_eq!(
        message["parts"],
        json!([
            {"type": "text", "text": "hello back", "format": "plain", "language": null, "attributes": {}}
        ])
    );

    // A notification to the server: about that telegram.
    let status = |status: &'static str| {
        let sent = sent.clone();
        move |data: &Value| data["messageId"] == sent.as_str() && data["status"] == status
    };
    ana.event_where("message.status", status("sent")).await;
    let key = command["idempotencyKey"].as_str().expect("a key");
    hand_in(&server, "3", &format!("+15550100 RECEIVED T-{key}")).await;
    ana.event_where("message.status", status("delivered")).await;
    let state = hand_in(&server, "4", "+15550100 STATE").await[0].clone();
    assert_eq!((&state["workItem"]["state"], &state["agent"]["id"]), (&json!("active"), &json!("ana")));

    // A command to the server.
    hand_in(&server, "5", "+15550100 STOP it came after all").await;
    let closed = ana.event("work-item.closed").await;
    assert_eq!((&closed["workItem"]["id"], &closed["workItem"]["state"]), (item, &json!("cancelled")));
    let cancelled = delivered(&server, "work-item.cancelled").await["message"].clone();
    assert_eq!((&cancelled["workItem"]["id"], &cancelled["workItem"]["state"]), (item, &json!("cancelled")));

    // A request to the driver: the channel shows its reply.
    eventually("the driver's reply to channel.health is shown", async || {
        let channel = server.operator().get("/v1/channels/wire").await.expect(200).json();
        (channel["health"]["detail"] == "the line hums").then_some(())
    })
    .await;

    // Whatever went either way is what the published schema describes, arguments included.
    let deliveries = server.http().get("/channels/wire/deliveries").await.expect(200).json();
    let delivered = deliveries.as_array().expect("a list").iter().map(|delivery| delivery["message"].clone());
    let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
    let kept = server.operator().get(&path).await.expect(200).json();
    let kept = kept["items"].as_array().expect("a list").clone();
    let messages: Vec<Value> = [offered["message"].clone(), state].into_iter().chain(delivered).chain(kept).collect();
    let names = |name: &str| messages.iter().filter(|message| message["interaction"]["name"] == name).count();
    for name in ["support-request", "work-item.state", "work-item.assigned", "message.send", "work-item.cancelled"] {
        assert!(names(name) > 0, "no {name} among {messages:?}");
    }
    let schema = jackfield(&root(), &["spec", "json-schema"]).await.expect(0).json();
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    for message in &messages {
        let errors: Vec<String> = validator.iter_errors(message).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {message}");
    }
}
