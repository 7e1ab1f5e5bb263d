//! What the drivers' own tests have in common: a host with the secrets, and requests as Meta makes them.

use jackfield_sdk::encoding::to_hex;
use jackfield_sdk::native::{self, Host};
use jackfield_sdk::{Piece, Request, host};

use crate::settings::{ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN};
use crate::signature::HEADER;

/// Where the channel is called.
pub const URL: &str = "https://support.example.com/channels/meta";

/// A host with all three secrets, in the place of the thread's.
pub fn install() {
    let host = Host::new().with_secret(APP_SECRET, "It's a Secret to Everybody");
    native::install(host.with_secret(VERIFY_TOKEN, "the word").with_secret(ACCESS_TOKEN, "EAAtoken"));
}

/// A body as Meta posts it, with its signature.
///
/// # Panics
/// The app secret isn't there.
pub fn signed(body: &str) -> Request {
    let hmac = host::secrets::hmac(APP_SECRET, "sha256", &[Piece::Text(body.into())]).expect("a secret");
    native::request("POST", URL, body).with_header(HEADER, format!("sha256={}", to_hex(&hmac)))
}
