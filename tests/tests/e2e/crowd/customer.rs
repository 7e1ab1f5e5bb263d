//! Customers: each says a first thing, some a second one, some of it twice.

use std::net::SocketAddr;

use jackfield_tests::{Http, Random, Request};
use serde_json::{Value, json};

use super::history::History;

/// Says what these customers have to say, each thing until it is answered with 2xx.
pub async fn speak(address: SocketAddr, customers: Vec<u64>, mut random: Random, history: History) {
    let http = Http::new(address);
    for customer in customers {
        let event = format!("first-{customer}");
        let body = json!({"id": event, "from": format!("customer-{customer}"), "text": "hello"});
        let id = until_answered(&http, &body).await;
        if random.below(20) == 0 {
            assert_eq!(until_answered(&http, &body).await, id, "a duplicate is the same message");
        }
        history.told(event, id);
    }
}

async fn until_answered(http: &Http, body: &Value) -> String {
    loop {
        match http.try_send(Request::json("/channels/forms", body)).await {
            Ok(answer) if answer.is_success() => return answer.json()["id"].as_str().expect("an id").to_owned(),
            Ok(answer) => assert!(matches!(answer.status, 429 | 503), "{}: {}", answer.status, answer.text()),
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
