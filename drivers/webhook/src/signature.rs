//! Whether a request is genuine. All schemes look at the bytes as they came, and compare inside the host, so the
//! secret is never in the driver's memory.

use jackfield_sdk::encoding::{from_base64, from_hex};
use jackfield_sdk::{Piece, Request, Result, host};

use crate::settings::SECRET;

/// How far a signed time may be from now, both ways, in seconds.
const TOLERANCE_S: u64 = 300;
/// More signatures in one header than anybody sends during a rotation.
const MAX_SIGNATURES: usize = 16;

/// How requests are known to be genuine.
pub enum Scheme {
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`; the same with `svix-`.
    StandardWebhooks,
    /// An HMAC of the body.
    Hmac(Hmac),
    /// `t=TIME,v1=HMAC` of `TIME.BODY`.
    Stripe { header: String },
    /// The secret itself.
    Token(Token),
    /// The secret is `user:password`.
    Basic,
    /// Nobody is asked; only this machine is answered, unless the channel is `public`.
    None { public: bool },
}

/// Settings of the scheme `hmac`.
pub struct Hmac {
    pub header: String,
    pub algorithm: String,
    pub encoding: Encoding,
    /// What must stand before the signature; none: `ALGORITHM=` may.
    pub prefix: Option<String>,
}

/// How bytes are written in a header.
pub enum Encoding {
    Hex,
    Base64,
}

/// Settings of the scheme `token`.
pub struct Token {
    pub header: String,
    pub prefix: String,
}

/// What a check found.
pub enum Verdict {
    Genuine,
    /// 401, with the reason.
    NotGenuine(&'static str),
    /// 403, with the reason.
    Forbidden(&'static str),
}

impl Scheme {
    /// What HTTP calls the scheme (RFC 9110 11.6.1); signatures have no name there.
    pub fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Basic => Some("Basic realm=\"webhook\", charset=\"UTF-8\""),
            Self::Token(token) if token.header.eq_ignore_ascii_case("authorization") => Some("Bearer"),
            _ => None,
        }
    }

    /// Checks a request.
    ///
    /// # Errors
    /// Where the host can't: the secret is no key of this scheme.
    pub fn check(&self, request: &Request) -> Result<Verdict> {
        match self {
            Self::StandardWebhooks => standard_webhooks(request),
            Self::Hmac(hmac) => hmac.check(request),
            Self::Stripe { header } => stripe(request, header),
            Self::Token(token) => token.check(request),
            Self::Basic => basic(request),
            Self::None { public } if *public || request.is_from_loopback() => Ok(Verdict::Genuine),
            Self::None { .. } => Ok(Verdict::Forbidden(
                "this channel takes requests only from its own machine, since they aren't signed: \
                 set `signature`, or `public = true`",
            )),
        }
    }
}

/// The key of Standard Webhooks: the secret, where it is `whsec_` and Base64, stands for the decoded bytes.
pub fn standard_webhooks_key() -> Result<String> {
    let encoded = host::secrets::compose(&[Piece::Secret(SECRET.into())], "strip-prefix;whsec_")?;
    host::secrets::compose(&[Piece::Secret(encoded)], "base64-decode")
}

fn standard_webhooks(request: &Request) -> Result<Verdict> {
    let names = if request.header("webhook-signature").next().is_some() {
        ["webhook-id", "webhook-timestamp", "webhook-signature"]
    } else {
        ["svix-id", "svix-timestamp", "svix-signature"]
    };
    let [Some(id), Some(time), Some(signatures)] = names.map(|name| request.single_header(name)) else {
        return Ok(Verdict::NotGenuine(
            "the headers webhook-id, webhook-timestamp and webhook-signature must each stand once",
        ));
    };
    if !is_recent(time) {
        return Ok(Verdict::NotGenuine("webhook-timestamp is more than five minutes from now"));
    }
    let key = standard_webhooks_key()?;
    let data = [
        Piece::Bytes(id.into()),
        Piece::Text(".".into()),
        Piece::Bytes(time.into()),
        Piece::Text(".".into()),
        request.body_piece(),
    ];
    for signature in signatures.split(|byte| *byte == b' ').take(MAX_SIGNATURES) {
        let Some(claimed) = signature.strip_prefix(b"v1,").and_then(from_base64) else {
            continue;
        };
        if host::secrets::verify_hmac(&key, "sha256", &data, &claimed)? {
            return Ok(Verdict::Genuine);
        }
    }
    Ok(Verdict::NotGenuine("no signature in webhook-signature fits"))
}

impl Hmac {
    fn check(&self, request: &Request) -> Result<Verdict> {
        let Some(value) = request.single_header(&self.header) else {
            return Ok(Verdict::NotGenuine("the header with the signature must stand once"));
        };
        let claimed = match &self.prefix {
            Some(prefix) => value.strip_prefix(prefix.as_bytes()),
            None => Some(
                value.strip_prefix(self.algorithm.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")).unwrap_or(value),
            ),
        };
        let claimed = claimed.and_then(|text| match self.encoding {
            Encoding::Hex => from_hex(text),
            Encoding::Base64 => from_base64(text),
        });
        let Some(claimed) = claimed else {
            return Ok(Verdict::NotGenuine("the signature is malformed"));
        };
        verdict(host::secrets::verify_hmac(SECRET, &self.algorithm, &[request.body_piece()], &claimed)?)
    }
}

fn stripe(request: &Request, header: &str) -> Result<Verdict> {
    let Some(value) = request.single_header(header) else {
        return Ok(Verdict::NotGenuine("the header with the signature must stand once"));
    };
    let mut fields = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let mut times = fields.clone().filter_map(|field| field.strip_prefix(b"t="));
    let (Some(time), None) = (times.next(), times.next()) else {
        return Ok(Verdict::NotGenuine("the signature must have one `t`"));
    };
    if !is_recent(time) {
        return Ok(Verdict::NotGenuine("the signature's time is more than five minutes from now"));
    }
    let data = [Piece::Bytes(time.into()), Piece::Text(".".into()), request.body_piece()];
    let claims = fields.by_ref().filter_map(|field| from_hex(field.strip_prefix(b"v1=")?)).take(MAX_SIGNATURES);
    for claimed in claims {
        if host::secrets::verify_hmac(SECRET, "sha256", &data, &claimed)? {
            return Ok(Verdict::Genuine);
        }
    }
    Ok(Verdict::NotGenuine("no `v1` of the signature fits"))
}

impl Token {
    fn check(&self, request: &Request) -> Result<Verdict> {
        let value = request.single_header(&self.header);
        let Some(claimed) = value.and_then(|value| value.strip_prefix(self.prefix.as_bytes())) else {
            return Ok(Verdict::NotGenuine("the header with the token must stand once"));
        };
        verdict(host::secrets::equals(SECRET, claimed)?)
    }
}

fn basic(request: &Request) -> Result<Verdict> {
    let credentials = request.single_header("authorization").and_then(|value| {
        let (scheme, credentials) = value.split_at_checked(6)?;
        scheme.eq_ignore_ascii_case(b"basic ").then(|| from_base64(credentials.trim_ascii()))?
    });
    let Some(claimed) = credentials else {
        return Ok(Verdict::NotGenuine("the header Authorization must stand once, with `Basic` credentials"));
    };
    verdict(host::secrets::equals(SECRET, &claimed)?)
}

fn verdict(fits: bool) -> Result<Verdict> {
    Ok(if fits { Verdict::Genuine } else { Verdict::NotGenuine("it doesn't fit this channel's secret") })
}

/// Whether a time in seconds since 1970 is close to now.
fn is_recent(time: &[u8]) -> bool {
    let time: Option<u64> = core::str::from_utf8(time).ok().and_then(|text| text.parse().ok());
    let now = host::clock::now() / 1000;
    time.is_some_and(|time| time.abs_diff(now) <= TOLERANCE_S)
}
