//! The functions of the imported interfaces, with the signatures of the generated ones.

/// See `clock` in the specification.
pub mod clock {
    use crate::native::with;

    /// Milliseconds since 1970.
    pub fn now() -> u64 {
        with(|host| host.now)
    }

    /// Milliseconds since some moment.
    pub fn monotonic_ms() -> u64 {
        now()
    }
}

/// See `random` in the specification. Here: always the same bytes.
pub mod random {
    /// `length` bytes.
    pub fn bytes(length: u32) -> Vec<u8> {
        (0..length).map(|at| (at.wrapping_mul(167) ^ 0x5a) as u8).collect()
    }
}

/// See `log` in the specification.
pub mod log {
    use crate::bindings::imports::jackfield::channel::log::Level;
    use crate::native::with;

    /// One line.
    pub fn write(level: Level, text: &str, fields: &[(String, String)]) {
        let mut line = format!("{level:?} {text}");
        for (key, value) in fields {
            line.push_str(&format!(" {key}={value}"));
        }
        with(|host| host.log.push(line));
    }
}

/// See `server` in the specification.
pub mod server {
    use crate::bindings::imports::jackfield::channel::server::Page;
    use crate::error::code;
    use crate::native::{canonical, with};
    use crate::{Error, Message, Refused};

    /// Keeps the message; its id is made of the event id.
    pub fn push(message: &Message) -> Result<String, Refused> {
        with(|host| {
            if let Some(refused) = &host.refuse {
                return Err(refused.clone());
            }
            if host.room.is_some_and(|room| host.pushed.len() >= room) {
                let text = "no more pushes in one call".into();
                return Err(Refused { code: code::QUOTA.into(), text, pointer: None, attributes: Vec::new() });
            }
            host.pushed.push(message.clone());
            Ok(format!("id-of-{}", message.event_id.as_deref().unwrap_or_default()))
        })
    }

    /// Nothing is known here.
    pub fn query(_message: &Message) -> Result<Message, Error> {
        Err(Error::new(code::NOT_SUPPORTED, "the host in memory answers no queries"))
    }

    /// What was pushed in the conversation, all on one page.
    pub fn messages(conversation: &str, _after: Option<&str>, _limit: u32) -> Result<Page, Error> {
        let is_in = |message: &&Message| {
            message.work_item.as_ref().is_some_and(|work_item| work_item.conversation == conversation)
        };
        let messages = with(|host| host.pushed.iter().filter(is_in).cloned().collect());
        Ok(Page { messages, next: None, attributes: Vec::new() })
    }

    /// Notes it.
    pub fn progress(external_id: &str) -> Result<(), Error> {
        with(|host| host.progress.push(external_id.into()));
        Ok(())
    }

    /// The canonical JSON.
    pub fn to_json(message: &Message) -> Result<String, Error> {
        Ok(canonical::message(message))
    }

    /// Keeps it; refuses what the specification has no room for.
    pub fn set_aside(raw: &[u8], reason: &str) -> Result<(), Error> {
        if raw.len() > 256 << 10 || reason.len() > 4 << 10 {
            return Err(Error::new(code::TOO_LARGE, "an entry has up to 256 KiB, its reason up to 4 KiB"));
        }
        with(|host| host.set_aside.push((raw.into(), reason.into())));
        Ok(())
    }
}

/// See `crm` in the specification. Nobody is known here.
pub mod crm {
    use crate::bindings::imports::jackfield::channel::message::AgentInfo;
    use crate::{Customer, Error};

    /// None.
    pub fn find_customer(_address: &str) -> Result<Option<Customer>, Error> {
        Ok(None)
    }

    /// None.
    pub fn find_agent(_by: &str, _value: &str) -> Result<Option<AgentInfo>, Error> {
        Ok(None)
    }
}

/// See `timers` in the specification.
pub mod timers {
    use crate::native::{SetTimer, with};
    use crate::{Error, TimerOptions};

    /// Keeps it; nothing fires here.
    pub fn set(name: &str, delay_ms: u64, payload: &[u8], options: &TimerOptions) -> Result<(), Error> {
        let connection = options.connection.clone();
        with(|host| {
            host.timers.retain(|timer| timer.name != name || timer.connection != connection);
            host.timers.push(SetTimer { name: name.into(), delay_ms, payload: payload.into(), connection });
        });
        Ok(())
    }

    /// Forgets it.
    pub fn cancel(name: &str, connection: Option<&str>) -> Result<(), Error> {
        with(|host| host.timers.retain(|timer| timer.name != name || timer.connection.as_deref() != connection));
        Ok(())
    }
}

/// See `store` in the specification. Nothing expires here.
pub mod store {
    use crate::Error;
    use crate::bindings::imports::jackfield::channel::store::Entry;
    use crate::native::with;

    /// A key's value.
    pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(with(|host| host.store.get(key).cloned()))
    }

    /// Writes it.
    pub fn set(key: &str, value: &[u8], _expires_in_ms: Option<u64>) -> Result<(), Error> {
        with(|host| host.store.insert(key.into(), value.into()));
        Ok(())
    }

    /// Deletes it.
    pub fn delete(key: &str) -> Result<(), Error> {
        with(|host| host.store.remove(key));
        Ok(())
    }

    /// The entries whose keys begin with `prefix`, after a key, in order.
    pub fn entries(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<Entry>, Error> {
        Ok(with(|host| {
            host.store
                .iter()
                .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
                .take(limit as usize)
                .map(|(key, value)| Entry { key: key.clone(), value: value.clone(), attributes: Vec::new() })
                .collect()
        }))
    }
}

/// See `blobs` in the specification.
pub mod blobs {
    use core::cell::RefCell;
    use std::rc::Rc;

    use crate::Error;
    use crate::encoding::to_hex;
    use crate::error::code;
    use crate::native::{crypto, with};

    /// A blob in the making.
    pub struct Writer {
        bytes: RefCell<Vec<u8>>,
        /// Counts it among the open ones.
        _open: Rc<()>,
    }

    impl Writer {
        /// Adds bytes.
        pub fn write(&self, data: &[u8]) -> Result<(), Error> {
            take_room(data.len())?;
            self.bytes.borrow_mut().extend_from_slice(data);
            Ok(())
        }

        /// Bytes so far.
        pub fn size(&self) -> u32 {
            self.bytes.borrow().len() as u32
        }
    }

    /// Begins a blob.
    pub fn create() -> Result<Writer, Error> {
        Ok(with(|host| Writer { bytes: RefCell::default(), _open: host.writers.clone() }))
    }

    /// Keeps what was written.
    pub fn finish(writer: Writer) -> Result<String, Error> {
        keep(&writer.bytes.borrow())
    }

    /// Keeps the bytes under their digest.
    pub fn put(data: &[u8]) -> Result<String, Error> {
        take_room(data.len())?;
        keep(data)
    }

    fn take_room(count: usize) -> Result<(), Error> {
        with(|host| {
            let Some(room) = &mut host.blob_room else { return Ok(()) };
            *room = room.checked_sub(count).ok_or_else(|| Error::new(code::QUOTA, "there is no room for more"))?;
            Ok(())
        })
    }

    fn keep(data: &[u8]) -> Result<String, Error> {
        let digest = format!("sha256-{}", to_hex(&crypto::hash("sha256", data)?));
        with(|host| host.blobs.insert(digest.clone(), data.into()));
        Ok(digest)
    }

    /// How many bytes it has.
    pub fn size(blob: &str) -> Result<u32, Error> {
        with(|host| host.blobs.get(blob).map(|bytes| bytes.len() as u32)).ok_or_else(|| missing(blob))
    }

    /// Some of its bytes.
    pub fn read(blob: &str, offset: u32, length: u32) -> Result<Vec<u8>, Error> {
        with(|host| {
            let bytes = host.blobs.get(blob).ok_or_else(|| missing(blob))?;
            Ok(bytes.iter().skip(offset as usize).take(length as usize).copied().collect())
        })
    }

    fn missing(blob: &str) -> Error {
        Error::new(code::NOT_FOUND, format!("there is no blob {blob}"))
    }
}

/// See `secrets` in the specification.
pub mod secrets {
    use crate::encoding::{from_base64, to_base64, to_hex, to_percent};
    use crate::error::code;
    use crate::json::push_string;
    use crate::native::{Host, crypto, with};
    use crate::{Error, Piece, form};

    /// The names of all.
    pub fn names() -> Vec<String> {
        with(|host| host.secrets.keys().cloned().collect())
    }

    /// Makes a new one. Of several values only the current one is used.
    pub fn compose(pieces: &[Piece], transform: &str) -> Result<String, Error> {
        with(|host| {
            let bytes = join(host, pieces)?;
            let made = match transform {
                "identity" => bytes,
                "base64" => to_base64(&bytes).into_bytes(),
                "hex" => to_hex(&bytes).into_bytes(),
                "percent" => to_percent(&text(bytes)?).into_bytes(),
                "form" => form::write(&[("", &text(bytes)?)]).as_bytes()[1..].into(),
                "json-string" => {
                    let mut json = String::new();
                    push_string(&mut json, &text(bytes)?);
                    json.into_bytes()
                }
                "sha1" | "sha256" => crypto::hash(transform, &bytes)?,
                "sha1-hex" | "sha256-hex" => {
                    to_hex(&crypto::hash(transform.trim_end_matches("-hex"), &bytes)?).into_bytes()
                }
                "base64-decode" => {
                    from_base64(&bytes).ok_or_else(|| Error::new(code::INVALID, "the secret isn't base64"))?
                }
                other => match other.split_once(';') {
                    Some(("strip-prefix", prefix)) => bytes.strip_prefix(prefix.as_bytes()).unwrap_or(&bytes).into(),
                    Some((name, rest)) if name.starts_with("hmac-") => {
                        crypto::hmac(&values(host, rest)?[0], &name[5..], &bytes)?
                    }
                    Some((name, rest)) if name.starts_with("pbkdf2-") => {
                        let wrong = || Error::new(code::INVALID, format!("`{name}` is followed by `;SALT;N`"));
                        let (salt, rounds) = rest.split_once(';').ok_or_else(wrong)?;
                        let salt = from_base64(salt.as_bytes()).ok_or_else(wrong)?;
                        crypto::pbkdf2(&name[7..], &bytes, &salt, rounds.parse().map_err(|_| wrong())?)?
                    }
                    _ => return Err(Error::new(code::NOT_SUPPORTED, format!("no transform `{other}` in memory"))),
                },
            };
            host.composed += 1;
            let name = format!("composed-{}", host.composed);
            host.secrets.insert(name.clone(), vec![made]);
            Ok(name)
        })
    }

    /// A digest.
    pub fn hash(algorithm: &str, pieces: &[Piece]) -> Result<Vec<u8>, Error> {
        with(|host| crypto::hash(algorithm, &join(host, pieces)?))
    }

    /// An HMAC by the current value of the key.
    pub fn hmac(key: &str, algorithm: &str, data: &[Piece]) -> Result<Vec<u8>, Error> {
        with(|host| crypto::hmac(&values(host, key)?[0], algorithm, &join(host, data)?))
    }

    /// Whether any value of the key gives the claimed HMAC.
    pub fn verify_hmac(key: &str, algorithm: &str, data: &[Piece], claimed: &[u8]) -> Result<bool, Error> {
        with(|host| {
            let data = join(host, data)?;
            for value in values(host, key)? {
                if crypto::equal(&crypto::hmac(value, algorithm, &data)?, claimed) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Whether any value of the secret is the claimed one.
    pub fn equals(secret: &str, claimed: &[u8]) -> Result<bool, Error> {
        with(|host| Ok(values(host, secret)?.iter().any(|value| crypto::equal(value, claimed))))
    }

    /// No signatures here.
    pub fn sign(_key: &str, algorithm: &str, _data: &[Piece]) -> Result<Vec<u8>, Error> {
        Err(Error::new(code::NOT_SUPPORTED, format!("the host in memory has no `{algorithm}` signatures")))
    }

    /// Never granted here.
    pub fn reveal(secret: &str) -> Result<Vec<u8>, Error> {
        Err(Error::new(code::DENIED, format!("`reveal` of {secret} is not granted")))
    }

    /// Forgets it.
    pub fn forget(secret: &str) -> Result<(), Error> {
        with(|host| host.secrets.remove(secret));
        Ok(())
    }

    pub(in crate::native) fn join(host: &Host, pieces: &[Piece]) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Bytes(piece) => bytes.extend_from_slice(piece),
                Piece::Blob(digest) => bytes.extend_from_slice(
                    host.blobs
                        .get(digest)
                        .ok_or_else(|| Error::new(code::NOT_FOUND, format!("there is no blob {digest}")))?,
                ),
                Piece::Secret(name) => bytes.extend_from_slice(&values(host, name)?[0]),
            }
        }
        Ok(bytes)
    }

    fn values<'a>(host: &'a Host, name: &str) -> Result<&'a [Vec<u8>], Error> {
        match host.secrets.get(name) {
            Some(values) if !values.is_empty() => Ok(values),
            _ => Err(Error::new(code::NOT_FOUND, format!("there is no secret {name}"))),
        }
    }

    fn text(bytes: Vec<u8>) -> Result<String, Error> {
        String::from_utf8(bytes).map_err(|_| Error::new(code::INVALID, "the secret isn't UTF-8"))
    }
}

/// See `http` in the specification.
pub mod http {
    use super::secrets::join;
    use crate::bindings::imports::jackfield::channel::http::Outgoing;
    use crate::error::code;
    use crate::native::{Host, SentRequest, with};
    use crate::{Error, Header, Response};

    /// What the host sends by default.
    const LARGEST_BODY: usize = 16 << 20;

    /// Keeps the request and has it answered. Captures nothing: the answer comes as the test gives it.
    pub fn send(request: &Outgoing) -> Result<Response, Error> {
        let (sent, answer) = with(|host| {
            let sent = resolve(host, request)?;
            host.sent.push(sent.clone());
            Ok::<_, Error>((sent, host.http.take()))
        })?;
        let Some(mut answer) = answer else {
            return Err(Error::new(code::DENIED, "no grant: add `grants = { http = [\"...\"] }` to the channel"));
        };
        let response = answer(&sent);
        with(|host| host.http = Some(answer));
        response
    }

    fn resolve(host: &Host, request: &Outgoing) -> Result<SentRequest, Error> {
        let headers = request
            .headers
            .iter()
            .map(|field| Ok(Header { name: field.name.clone(), value: join(host, &field.value)? }));
        let body = join(host, &request.body)?;
        if body.len() > LARGEST_BODY {
            return Err(Error::new(code::INVALID, format!("the body is longer than {LARGEST_BODY} bytes")));
        }
        Ok(SentRequest {
            method: request.method.clone(),
            url: String::from_utf8_lossy(&join(host, &request.url)?).into_owned(),
            headers: headers.collect::<Result<_, Error>>()?,
            body,
            redirects: request.options.redirects,
            to_blob: request.options.to_blob,
        })
    }
}
