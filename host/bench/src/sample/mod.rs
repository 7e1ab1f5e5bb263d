//! The webhook that everything is measured with: 1 KB of JSON, 18 headers, signed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The channel's secret.
pub const SECRET: &str = "s3cret-of-the-bench";
/// Bytes of a body.
const BODY: usize = 1024;

/// Everything of the headers but the signature; 17 of them.
const HEADERS: [(&str, &str); 17] = [
    ("host", "support.example.com"),
    ("user-agent", "ShopHooks/2.14 (+https://shop.example.com/hooks)"),
    ("accept", "*/*"),
    ("accept-encoding", "gzip, br"),
    ("content-type", "application/json; charset=utf-8"),
    ("content-length", "1024"),
    ("date", "Sun, 22 Nov 2026 15:04:05 GMT"),
    ("x-request-id", "5f0c3ac9-6f0e-4d5b-9a53-1d1b3d0f7f8e"),
    ("x-forwarded-for", "203.0.113.77, 198.51.100.4"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "support.example.com"),
    ("x-real-ip", "203.0.113.77"),
    ("via", "1.1 edge-7 (proxy)"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("x-shop-topic", "conversation/message-created"),
    ("x-shop-domain", "shop-of-the-bench.example.com"),
    ("x-shop-api-version", "2026-10"),
];

/// The name of the header with the signature.
const SIGNATURE: &str = "x-shop-signature";

/// A signed webhook.
pub struct Sample {
    /// The body, 1 KB of JSON.
    pub body: Vec<u8>,
    /// The value of the signature's header.
    signature: String,
}

impl Sample {
    /// The webhook of the event `event`, in one of the conversations.
    pub fn new(event: u32, conversation: u32) -> Self {
        let id = event_id(event);
        let head = format!(
            r#"{{"id":"{id}","conversation":"+1415555{conversation:04}","from":"+1415555{conversation:04}","name":"Kim Example","time":"2026-11-22T15:04:05.123Z","order":"A-{event:08}","plan":"gold","locale":"en-US","attempt":1,"test":false,"text":""#
        );
        let mut body = head.into_bytes();
        let line = b"Where is my order? It should have come on Tuesday, the page says it was handed over. ";
        let text = line.iter().copied().cycle().take(BODY - 2 - body.len());
        body.extend(text);
        body.extend_from_slice(b"\"}");
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(&body);
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        Self { body, signature }
    }

    /// The headers in order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        HEADERS.into_iter().chain([(SIGNATURE, self.signature.as_str())])
    }
}

/// An id like those of vendors' messages: a prefix and 32 hex digits. The first eight are the event's number, so that
/// whoever reads a frame knows which event it is about. Ids ascend, which is what the floor's index likes best.
fn event_id(event: u32) -> String {
    let rest = u64::from(event).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("SM{event:08x}{rest:016x}{:08x}", !event)
}

#[cfg(test)]
mod tests;
