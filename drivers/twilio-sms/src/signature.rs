//! Whether a request comes from Twilio.
//!
//! Twilio signs the URL that it calls, and with it either all parameters of the form or, where the body is something
//! else, the body's digest in the URL. There is no time in it: what stops a replay is that a message's id is known.

use jackfield_sdk::encoding::{from_base64, from_hex};
use jackfield_sdk::{Piece, Request, Result, form, host};

use crate::params::Params;
use crate::settings::{AUTH_TOKEN, SIGNING_KEY};

/// The header with the signature.
pub const HEADER: &str = "x-twilio-signature";
/// The header that says how it was made, where that isn't HMAC-SHA1 by the auth token.
pub const SETTINGS_HEADER: &str = "x-twilio-webhooks-signature-settings";

/// What a check found.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    Genuine,
    /// There is no signature.
    Missing,
    /// There is one, and it doesn't fit.
    Bad(&'static str),
}

/// Checks a request whose form has `params` (none: its body isn't a form).
///
/// # Errors
/// The host's.
pub fn check(request: &Request, params: Option<&Params>) -> Result<Verdict> {
    if request.header(HEADER).next().is_none() {
        return Ok(Verdict::Missing);
    }
    let Some(claimed) = request.single_header(HEADER).and_then(from_base64) else {
        return Ok(Verdict::Bad("the signature is malformed or repeated"));
    };
    let Some(method) = Method::of(request) else {
        return Ok(Verdict::Bad("the signature was made in a way that this driver doesn't know"));
    };
    if params.is_none() && !body_is_covered(request)? {
        return Ok(Verdict::Bad("the body isn't the one that was signed"));
    }
    let signed_params = params.map(concatenated).unwrap_or_default();
    for url in urls(&request.url) {
        let data = [Piece::Text(url), Piece::Text(signed_params.clone())];
        if host::secrets::verify_hmac(method.key, method.algorithm, &data, &claimed)? {
            return Ok(Verdict::Genuine);
        }
    }
    Ok(Verdict::Bad("the signature doesn't fit this channel's auth token, URL and parameters"))
}

/// Which key and algorithm a signature was made with.
#[derive(Debug, PartialEq)]
struct Method {
    key: &'static str,
    algorithm: &'static str,
}

impl Method {
    /// HMAC-SHA1 by the auth token, or what the settings header says: `key=ID,algorithm=HMAC_SHA256`.
    fn of(request: &Request) -> Option<Self> {
        if request.header(SETTINGS_HEADER).next().is_none() {
            return Some(Self { key: AUTH_TOKEN, algorithm: "sha1" });
        }
        let settings = core::str::from_utf8(request.single_header(SETTINGS_HEADER)?).ok()?;
        let mut fields = settings.split(',').filter_map(|field| field.trim().split_once('='));
        let (_, algorithm) = fields.find(|(name, _)| *name == "algorithm")?;
        let has_key = host::secrets::names().iter().any(|name| name == SIGNING_KEY);
        let key = if has_key { SIGNING_KEY } else { AUTH_TOKEN };
        match algorithm {
            "HMAC_SHA256" => Some(Self { key, algorithm: "sha256" }),
            "HMAC_SHA1" => Some(Self { key, algorithm: "sha1" }),
            _ => None,
        }
    }
}

/// Names and values as they are signed: by name, then by value, and a repeated value once.
fn concatenated(params: &Params) -> String {
    let mut sorted: Vec<&(String, String)> = params.0.iter().collect();
    sorted.sort();
    sorted.dedup();
    sorted.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

/// Whether a body that is no form is the one whose digest stands in the URL; an empty body needs none.
fn body_is_covered(request: &Request) -> Result<bool> {
    let query = form::parse(request.query().as_bytes()).unwrap_or_default();
    let digest = query.iter().find(|(name, _)| name == "bodySHA256").map(|(_, value)| from_hex(value.as_bytes()));
    match digest {
        Some(Some(digest)) => Ok(host::secrets::hash("sha256", &[request.body_piece()])? == digest),
        Some(None) => Ok(false),
        None => Ok(request.method == "GET" || request.body_bytes(0).is_ok()),
    }
}

/// The URL as it was called, without a port, and with the usual one: which of them Twilio signs depends on the age of
/// the account. The fragment (Twilio's own connection settings) is never signed.
fn urls(url: &str) -> Vec<String> {
    let url = url.split('#').next().unwrap_or_default();
    let mut urls = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else {
        return urls;
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // The colons of an IPv6 address stand in brackets.
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[host_end..].find(':') {
        Some(colon) => urls.push(format!("{scheme}://{}{path}", &authority[..host_end + colon])),
        None => {
            let port = if scheme == "http" { 80 } else { 443 };
            urls.push(format!("{scheme}://{authority}:{port}{path}"));
        }
    }
    urls
}
