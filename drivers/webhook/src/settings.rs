//! The settings, as the driver uses them.

use jackfield_sdk::error::code;
use jackfield_sdk::{Settings, SettingsError, host};

use crate::signature::{Encoding, Hmac, Scheme, Token, standard_webhooks_key};

/// The JSON Schema that the server checks them against.
pub const SCHEMA: &str = include_str!("settings-schema.json");

/// The name of the channel's secret.
pub const SECRET: &str = "signing-secret";

const SIGNATURES: &str = "`standard-webhooks`, `hmac`, `stripe`, `token`, `basic` or `none`";

/// All settings of a channel.
pub struct WebhookSettings {
    pub media_type: String,
    pub scheme: Scheme,
    /// Whether the channel has a secret, so that what goes out can be signed.
    pub has_secret: bool,
    pub map: Map,
    pub reply_url: Option<String>,
    pub notifications: bool,
}

/// Where in the payload things are: JSON Pointers, none for what isn't mapped.
pub struct Map {
    pub id: Option<String>,
    pub conversation: Option<String>,
    pub from: Option<String>,
    pub name: Option<String>,
    pub text: Option<String>,
    pub attachments: Option<String>,
    pub time: Option<String>,
    pub subject: Option<String>,
    pub language: Option<String>,
    pub priority: Option<String>,
}

impl WebhookSettings {
    /// Reads them.
    pub fn read(json: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        let has_secret = host::secrets::names().iter().any(|name| name == SECRET);
        Ok(Self {
            media_type: settings.text("/media-type")?.unwrap_or("message").into(),
            scheme: scheme(&settings, has_secret)?,
            has_secret,
            map: Map::read(&settings)?,
            reply_url: settings.url("/reply-url")?,
            notifications: settings.boolean("/notifications", false)?,
        })
    }
}

impl Map {
    fn read(settings: &Settings<'_>) -> Result<Self, SettingsError> {
        let pointer = |name: &str| -> Result<Option<String>, SettingsError> {
            let key = format!("/map/{name}");
            match settings.given(&key)? {
                None => Ok(Some(format!("/{name}"))),
                Some("") => Ok(None),
                Some(pointer) if pointer.starts_with('/') => Ok(Some(pointer.into())),
                Some(other) => Err(SettingsError::new(
                    key,
                    format!("`{other}` is no JSON Pointer"),
                    format!("begin it with a slash: `/{other}`"),
                )),
            }
        };
        Ok(Self {
            id: pointer("id")?,
            conversation: pointer("conversation")?,
            from: pointer("from")?,
            name: pointer("name")?,
            text: pointer("text")?,
            attachments: pointer("attachments")?,
            time: pointer("time")?,
            subject: pointer("subject")?,
            language: pointer("language")?,
            priority: pointer("priority")?,
        })
    }
}

fn scheme(settings: &Settings<'_>, has_secret: bool) -> Result<Scheme, SettingsError> {
    let name = settings.text("/signature")?.unwrap_or(if has_secret { "standard-webhooks" } else { "none" });
    let header = |default: &str| -> Result<String, SettingsError> {
        Ok(settings.text("/header")?.unwrap_or(default).to_ascii_lowercase())
    };
    let prefix = settings.given("/prefix")?.map(String::from);
    let scheme = match name {
        "none" => {
            return Ok(Scheme::None { public: settings.boolean("/public", false)? });
        }
        "standard-webhooks" => Scheme::StandardWebhooks,
        "hmac" => Scheme::Hmac(Hmac {
            header: header("x-hub-signature-256")?,
            algorithm: one_of(settings, "/algorithm", &["sha256", "sha1"])?.into(),
            encoding: match one_of(settings, "/encoding", &["hex", "base64"])? {
                "base64" => Encoding::Base64,
                _ => Encoding::Hex,
            },
            prefix,
        }),
        "stripe" => Scheme::Stripe { header: header("stripe-signature")? },
        "token" => {
            let header = header("authorization")?;
            let usual = if header == "authorization" { "Bearer " } else { "" };
            Scheme::Token(Token { prefix: prefix.unwrap_or_else(|| usual.into()), header })
        }
        "basic" => Scheme::Basic,
        other => {
            return Err(SettingsError::new(
                "/signature",
                format!("`{other}` is unknown"),
                format!("write {SIGNATURES}"),
            ));
        }
    };
    if !has_secret {
        return Err(SettingsError::new(
            format!("secrets/{SECRET}"),
            format!("signature `{name}` needs a secret"),
            format!("add `secrets = {{ {SECRET} = \"env:NAME\" }}` to the channel, or set signature to `none`"),
        ));
    }
    if let Scheme::StandardWebhooks = scheme {
        check_key()?;
    }
    Ok(scheme)
}

/// Says now what every request would otherwise fail with.
fn check_key() -> Result<(), SettingsError> {
    match standard_webhooks_key() {
        Err(error) if error.code == code::INVALID => Err(SettingsError::new(
            format!("secrets/{SECRET}"),
            "is no key of Standard Webhooks",
            "write `whsec_` and the key in Base64, or choose another `signature`",
        )),
        _ => Ok(()),
    }
}

/// One of a few words; the first is the default.
fn one_of(settings: &Settings<'_>, key: &str, words: &[&'static str]) -> Result<&'static str, SettingsError> {
    let Some(word) = settings.text(key)? else {
        return Ok(words[0]);
    };
    words
        .iter()
        .find(|known| **known == word)
        .copied()
        .ok_or_else(|| SettingsError::new(key, format!("`{word}` is unknown"), format!("write one of {words:?}")))
}
