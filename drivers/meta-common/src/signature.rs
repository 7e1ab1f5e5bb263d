//! `X-Hub-Signature-256`: HMAC-SHA256 by the app secret over the body's bytes as they came.

use jackfield_sdk::encoding::from_hex;
use jackfield_sdk::{Request, Result, host};

use crate::settings::APP_SECRET;

/// The header with the signature.
pub const HEADER: &str = "x-hub-signature-256";

/// Whether a request bears exactly one signature, and that is right. Meta writes lower-case hex, and so it must be.
///
/// # Errors
/// The host's.
pub fn is_genuine(request: &Request) -> Result<bool> {
    let claimed = request.single_header(HEADER).and_then(|value| value.strip_prefix(b"sha256="));
    let Some(claimed) = claimed.filter(|hex| hex.len() == 64 && !hex.iter().any(u8::is_ascii_uppercase)) else {
        return Ok(false);
    };
    match from_hex(claimed) {
        Some(claimed) => host::secrets::verify_hmac(APP_SECRET, "sha256", &[request.body_piece()], &claimed),
        None => Ok(false),
    }
}
