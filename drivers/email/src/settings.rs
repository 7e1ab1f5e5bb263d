//! The settings, as the driver uses them.

use jackfield_sdk::json::{Value, parse};
use jackfield_sdk::{Context, Settings, SettingsError, host};

use crate::address::{self, Mailbox};

/// The JSON Schema that the server checks them against.
pub const SCHEMA: &str = include_str!("settings-schema.json");
/// The password at the relay.
pub const RELAY_PASSWORD: &str = "relay-password";
/// The password of the mailbox.
pub const MAILBOX_PASSWORD: &str = "mailbox-password";
/// The largest mail taken unless the settings say otherwise, in bytes.
const MAX_SIZE: usize = 20 << 20;

/// How mail comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Lmtp,
    Smtp,
    Imap,
}

/// Whether a connection that begins in clear goes on under TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Required,
    /// Where the peer offers it.
    Optional,
    None,
}

/// A server of the operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `tcp://host:port`, or `tls://host:port` with TLS from the first byte.
    pub url: String,
    /// Who logs in there, if anybody does.
    pub user: Option<String>,
}

/// All settings of a channel.
#[derive(Debug)]
pub struct EmailSettings {
    /// In lower case; `@domain` for all of a domain.
    pub addresses: Vec<String>,
    pub protocol: Protocol,
    pub relay: Option<Place>,
    pub tls: Tls,
    pub from: Mailbox,
    /// What this side calls itself.
    pub hostname: String,
    /// The largest mail taken, in bytes.
    pub max_size: usize,
    pub imap: Option<Place>,
    pub mailbox: String,
    /// Milliseconds between two looks into the mailbox.
    pub poll_ms: u64,
    /// The host has a certificate for connections that come in.
    pub has_certificate: bool,
}

impl EmailSettings {
    /// Reads them.
    pub fn read(context: &Context, json: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        let addresses = addresses(json)?;
        let protocol = match settings.required("/protocol", "write `lmtp`, `smtp` or `imap`")? {
            "lmtp" => Protocol::Lmtp,
            "smtp" => Protocol::Smtp,
            "imap" => Protocol::Imap,
            other => return Err(wrong("/protocol", other, "write `lmtp`, `smtp` or `imap`")),
        };
        let tls = match settings.text("/tls")? {
            None | Some("required") => Tls::Required,
            Some("optional") => Tls::Optional,
            Some("none") => Tls::None,
            Some(other) => return Err(wrong("/tls", other, "write `required`, `optional` or `none`")),
        };
        let from = match settings.text("/from")? {
            Some(text) => {
                address::parse(text).ok_or_else(|| wrong("/from", text, "write `Support <support@example.com>`"))?
            }
            None => match addresses.iter().find(|address| !address.starts_with('@')) {
                Some(address) => Mailbox { name: None, address: address.clone() },
                None => return Err(SettingsError::new("/from", "is missing", "say which address answers come from")),
            },
        };
        let domain = from.address.rsplit('@').next().unwrap_or_default();
        let relay_user = settings.text("/relay-user")?.map(String::from);
        let relay = place(&settings, "/relay", "smtp", relay_user)?;
        let imap = place(&settings, "/imap", "imap", settings.text("/imap-user")?.map(String::from))?;
        if protocol == Protocol::Imap {
            if imap.as_ref().is_none_or(|place| place.user.is_none()) {
                return Err(SettingsError::new(
                    "/imap",
                    "the mailbox is missing",
                    "set `imap` to `imaps://host:993`, and `imap-user`",
                ));
            }
            needs_secret(MAILBOX_PASSWORD, "nobody can log in to the mailbox without it")?;
        }
        if relay.as_ref().is_some_and(|relay| relay.user.is_some()) {
            needs_secret(RELAY_PASSWORD, "nobody can log in at the relay without it")?;
        }
        let number = |pointer: &str| settings_number(json, pointer);
        Ok(Self {
            protocol,
            relay,
            tls,
            hostname: settings.text("/hostname")?.unwrap_or(domain).into(),
            from,
            addresses,
            max_size: number("/max-size").unwrap_or(MAX_SIZE),
            imap,
            mailbox: settings.text("/mailbox")?.unwrap_or("INBOX").into(),
            poll_ms: number("/poll").unwrap_or(60) as u64 * 1000,
            has_certificate: context.listeners.iter().any(|listener| {
                listener.attributes.iter().any(|(name, value)| name == "certificate" && value == "true")
            }),
        })
    }

    /// The address of ours that a mail to `address` is for, in the spelling of the settings; what stands behind a `+`
    /// in the local part doesn't count.
    pub fn ours(&self, address: &str) -> Option<String> {
        let bare = address::without_tag(address);
        let (_, domain) = bare.rsplit_once('@')?;
        let is_ours = |listed: &&String| **listed == bare || listed.strip_prefix('@') == Some(domain);
        self.addresses.iter().find(is_ours).map(|_| bare.clone())
    }

    /// The domain of our own Message-IDs.
    pub fn domain(&self) -> &str {
        self.from.address.rsplit('@').next().unwrap_or_default()
    }

    /// The address, without a tag, that answers in a conversation are to come back to.
    pub fn return_address(&self, written_to: Option<&str>) -> String {
        let written_to = written_to.and_then(|address| self.ours(address));
        written_to.or_else(|| self.ours(&self.from.address)).unwrap_or_else(|| self.from.address.to_ascii_lowercase())
    }
}

fn addresses(json: &str) -> Result<Vec<String>, SettingsError> {
    let root = parse(json.as_bytes()).unwrap_or(Value::Null);
    let list = root.get("addresses").and_then(Value::as_array).unwrap_or_default();
    let mut addresses = Vec::new();
    for (at, value) in list.iter().enumerate() {
        let pointer = format!("/addresses/{at}");
        let text = value.as_str().unwrap_or_default();
        let known = text.starts_with('@') || address::parse(text).is_some_and(|mailbox| mailbox.address == text);
        if !known {
            return Err(wrong(&pointer, text, "write `support@example.com`, or `@example.com` for all of a domain"));
        }
        addresses.push(text.to_ascii_lowercase());
    }
    if addresses.is_empty() {
        return Err(SettingsError::new("/addresses", "is empty", "write the addresses that customers write to"));
    }
    Ok(addresses)
}

fn place(
    settings: &Settings<'_>,
    pointer: &str,
    scheme: &str,
    user: Option<String>,
) -> Result<Option<Place>, SettingsError> {
    let Some(text) = settings.text(pointer)? else {
        return Ok(None);
    };
    let secure = format!("{scheme}s://");
    let clear = format!("{scheme}://");
    let url = text
        .strip_prefix(&secure)
        .map(|rest| format!("tls://{rest}"))
        .or_else(|| text.strip_prefix(&clear).map(|rest| format!("tcp://{rest}")));
    match url {
        Some(url) if url.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok()) => {
            Ok(Some(Place { url, user }))
        }
        _ => Err(wrong(pointer, text, &format!("write `{clear}host:port`"))),
    }
}

fn settings_number(json: &str, pointer: &str) -> Option<usize> {
    let root = parse(json.as_bytes()).ok()?;
    root.pointer(pointer).and_then(Value::scalar)?.parse().ok()
}

fn needs_secret(name: &str, why: &str) -> Result<(), SettingsError> {
    if host::secrets::names().iter().any(|known| known == name) {
        return Ok(());
    }
    Err(SettingsError::new(
        format!("secrets/{name}"),
        format!("is missing; {why}"),
        format!("add `secrets = {{ {name} = \"env:NAME\" }}` to the channel"),
    ))
}

fn wrong(pointer: &str, text: &str, remedy: &str) -> SettingsError {
    SettingsError::new(pointer, format!("`{text}` isn't one"), remedy)
}
