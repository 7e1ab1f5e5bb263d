//! The sample as the server sees it: its channel's settings, the request as bytes, and its event in a frame.

use crate::sample::Sample;

/// The channel's settings, as JSON.
pub const SETTINGS: &str = r#"{"media-type":"sms","signature":"hmac","header":"x-shop-signature"}"#;

/// The request as it is on the wire.
pub fn to_http(sample: &Sample, path: &str) -> Vec<u8> {
    let mut bytes = format!("POST {path} HTTP/1.1\r\n").into_bytes();
    for (name, value) in sample.headers() {
        for piece in [name, ": ", value, "\r\n"] {
            bytes.extend_from_slice(piece.as_bytes());
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&sample.body);
    bytes
}

/// The number of the event whose id stands in `json` under the key `key`.
pub fn event_of(json: &str, key: &str) -> Option<u32> {
    let mark = format!("\"{key}\":\"SM");
    let at = json.find(&mark)? + mark.len();
    u32::from_str_radix(json.get(at..at + 8)?, 16).ok()
}

#[cfg(test)]
mod tests;
