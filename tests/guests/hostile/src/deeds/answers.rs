//! Answers that no host should pass on.

use jackfield_sdk::{Body, Error, Header, Response, Result};

pub fn huge_body() -> Result<Response> {
    Ok(Response::new(200, "application/octet-stream", vec![b'x'; 40 << 20]))
}

/// A million headers, small for the guest and large for a host that takes them over.
pub fn huge_list() -> Result<Response> {
    let mut response = Response::empty(200);
    response.headers = vec![Header { name: String::new(), value: Vec::new() }; 1 << 20];
    Ok(response)
}

pub fn huge_text() -> Result<Response> {
    Err(Error::new("internal", "x".repeat(40 << 20)))
}

/// Text that is none.
#[allow(unsafe_code, reason = "a host must not believe that a guest's strings are UTF-8; safe Rust can't make others")]
pub fn not_utf8() -> Result<Response> {
    let mut response = Response::empty(200);
    // SAFETY: it isn't UTF-8, which is the point; nothing but the host ever reads it.
    let name = unsafe { String::from_utf8_unchecked(vec![0xff, 0xc0, 0x80]) };
    response.headers.push(Header { name, value: Vec::new() });
    Ok(response)
}

pub fn others_blob(digest: &str) -> Result<Response> {
    let mut response = Response::empty(200);
    response.body = Body::Blob(digest.to_owned());
    Ok(response)
}
