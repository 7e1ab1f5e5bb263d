//! The settings and secrets that both drivers have.

use jackfield_sdk::{Outgoing, Piece, Settings, SettingsError, host, origin};

/// The secret that Meta signs with.
pub const APP_SECRET: &str = "app-secret";
/// The secret that Meta shows when the webhook is set up.
pub const VERIFY_TOKEN: &str = "verify-token";
/// The secret that the Graph API asks for.
pub const ACCESS_TOKEN: &str = "access-token";
/// The version of the Graph API that the drivers were written against.
pub const API_VERSION: &str = "v23.0";
/// Where the Graph API is.
pub const API_BASE: &str = "https://graph.facebook.com";

/// What both drivers are set to.
#[derive(Debug, Clone, PartialEq)]
pub struct MetaSettings {
    /// Where the Graph API is, without a slash at its end.
    pub api_base: String,
    /// Its version, `v23.0` say.
    pub api_version: String,
    /// The id of what is written to, and sent from: a phone number's or a page's.
    pub account: String,
}

impl MetaSettings {
    /// Reads them; `account` is the setting that has the account's id.
    ///
    /// # Errors
    /// The key at fault.
    pub fn read(settings: &Settings<'_>, account: &str, remedy: &str) -> Result<Self, SettingsError> {
        let pointer = format!("/{account}");
        let id = settings.required(&pointer, remedy)?;
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(SettingsError::new(pointer, format!("`{id}` is no id"), remedy));
        }
        let api_version = settings.text("/api-version")?.unwrap_or(API_VERSION);
        if !api_version.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
            return Err(SettingsError::new(
                "/api-version",
                format!("`{api_version}` is no version"),
                format!("write it as Meta does: `{API_VERSION}`"),
            ));
        }
        let names = host::secrets::names();
        for secret in [APP_SECRET, VERIFY_TOKEN, ACCESS_TOKEN] {
            if !names.iter().any(|name| name == secret) {
                return Err(SettingsError::new(
                    format!("secrets/{secret}"),
                    "is missing",
                    format!("add `{secret} = \"env:NAME\"` to the channel's secrets"),
                ));
            }
        }
        Ok(Self {
            api_base: settings.base_url("/api-base", API_BASE)?,
            api_version: api_version.into(),
            account: id.into(),
        })
    }

    /// The URL of something of the Graph API.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.api_base, self.api_version)
    }

    /// A request to the Graph API, with the access token.
    pub fn request(&self, method: &str, path: &str) -> Outgoing {
        with_token(Outgoing::new(method, self.url(path)))
    }

    /// A GET of a file. Who is shown the access token: the API itself, and the hosts where Meta keeps customers' files.
    pub fn file(&self, url: &str) -> Outgoing {
        let request = Outgoing::new("GET", url);
        if is_metas(origin(url)) || origin(url) == origin(&self.api_base) { with_token(request) } else { request }
    }
}

fn with_token(request: Outgoing) -> Outgoing {
    let token = vec![Piece::Text("Bearer ".into()), Piece::Secret(ACCESS_TOKEN.into())];
    request.with_header_pieces("authorization", token)
}

fn is_metas(origin: &str) -> bool {
    const DOMAINS: [&str; 4] = [".facebook.com", ".fbsbx.com", ".fbcdn.net", ".whatsapp.net"];
    let host = origin.strip_prefix("https://").unwrap_or_default();
    DOMAINS.iter().any(|domain| host.ends_with(domain)) && !host.contains(['@', ':', '\\'])
}
