//! The settings, as the driver uses them.

use jackfield_sdk::{Context, Piece, Result, Settings, SettingsError, host};

/// The JSON Schema that the server checks them against.
pub const SCHEMA: &str = include_str!("settings-schema.json");
/// The secret that Twilio signs with and that the API asks for.
pub const AUTH_TOKEN: &str = "auth-token";
/// The secret of the newer signatures that name their key; without it they are checked against the auth token.
pub const SIGNING_KEY: &str = "signing-key";

/// All settings of a channel.
pub struct TwilioSettings {
    pub account_sid: String,
    pub from: Option<String>,
    pub messaging_service_sid: Option<String>,
    /// Without a slash at its end.
    pub api_base: String,
    /// The channel's own webhook, without a fragment.
    pub public_url: String,
}

impl TwilioSettings {
    /// Reads them.
    pub fn read(context: &Context, json: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        let account_sid = settings.required("/account-sid", "write the account's SID: `AC` and 32 hex digits")?;
        let from = settings.text("/from")?.map(String::from);
        let messaging_service_sid = settings.text("/messaging-service-sid")?.map(String::from);
        if from.is_none() && messaging_service_sid.is_none() {
            return Err(SettingsError::new(
                "/from",
                "there is nothing that texts could be sent from",
                "set `from` to a number such as `+14155551212`, or `messaging-service-sid`",
            ));
        }
        if !host::secrets::names().iter().any(|name| name == AUTH_TOKEN) {
            return Err(SettingsError::new(
                format!("secrets/{AUTH_TOKEN}"),
                "is missing; signatures can't be checked without it",
                format!("add `secrets = {{ {AUTH_TOKEN} = \"env:TWILIO_TOKEN\" }}` to the channel"),
            ));
        }
        Ok(Self {
            account_sid: account_sid.into(),
            from,
            messaging_service_sid,
            api_base: settings.base_url("/api-base", "https://api.twilio.com")?,
            public_url: context.public_url.split('#').next().unwrap_or_default().into(),
        })
    }

    /// The value of `Authorization` for Twilio's API.
    pub fn authorization(&self) -> Result<Vec<Piece>> {
        let credentials = [Piece::Text(format!("{}:", self.account_sid)), Piece::Secret(AUTH_TOKEN.into())];
        let encoded = host::secrets::compose(&credentials, "base64")?;
        Ok(vec![Piece::Text("Basic ".into()), Piece::Secret(encoded)])
    }
}
