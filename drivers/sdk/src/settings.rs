//! Reading a channel's settings, with errors that name the key.

use crate::SettingsError;
use crate::json::{Value, parse};

/// The settings as one JSON object. The server has checked them against the driver's schema before; what is read here
/// is checked again, since a driver's schema and its code are two things.
pub struct Settings<'a> {
    root: Value<'a>,
}

impl<'a> Settings<'a> {
    /// Reads the text that `configure` is given.
    ///
    /// # Errors
    /// Where it is no JSON object.
    pub fn parse(json: &'a str) -> Result<Self, SettingsError> {
        let root = parse(json.as_bytes())
            .map_err(|error| SettingsError::new("", format!("the settings aren't JSON: {error}"), "write an object"))?;
        if root.as_object().is_none() {
            return Err(SettingsError::new("", format!("the settings are {}", root.kind()), "write an object"));
        }
        Ok(Self { root })
    }

    /// A text; none where the pointer points at nothing, `null` or the empty text.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn text(&self, pointer: &str) -> Result<Option<&str>, SettingsError> {
        Ok(self.given(pointer)?.filter(|text| !text.is_empty()))
    }

    /// A text as it was given, the empty one included; none where it wasn't.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn given(&self, pointer: &str) -> Result<Option<&str>, SettingsError> {
        match self.root.pointer(pointer) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(SettingsError::new(pointer, format!("is {}", other.kind()), "write a text")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// Where it is missing; `remedy` says what to write.
    pub fn required(&self, pointer: &str, remedy: &str) -> Result<&str, SettingsError> {
        self.text(pointer)?.ok_or_else(|| SettingsError::new(pointer, "is missing", remedy))
    }

    /// A boolean.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn boolean(&self, pointer: &str, default: bool) -> Result<bool, SettingsError> {
        match self.root.pointer(pointer) {
            None | Some(Value::Null) => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(other) => Err(SettingsError::new(pointer, format!("is {}", other.kind()), "write `true` or `false`")),
        }
    }

    /// The base of a vendor's API, without a slash at its end.
    ///
    /// # Errors
    /// Where it is no http or https URL.
    pub fn base_url(&self, pointer: &str, default: &str) -> Result<String, SettingsError> {
        let url = self.text(pointer)?.unwrap_or(default);
        http_url(pointer, url)?;
        Ok(url.trim_end_matches('/').into())
    }

    /// A URL.
    ///
    /// # Errors
    /// Where it is no http or https URL.
    pub fn url(&self, pointer: &str) -> Result<Option<String>, SettingsError> {
        let Some(url) = self.text(pointer)? else {
            return Ok(None);
        };
        http_url(pointer, url)?;
        Ok(Some(url.into()))
    }
}

fn http_url(pointer: &str, url: &str) -> Result<(), SettingsError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let clean = url.bytes().all(|byte| byte.is_ascii_graphic());
    match rest {
        Some(rest) if clean && !rest.is_empty() && !rest.starts_with('/') => Ok(()),
        _ => Err(SettingsError::new(
            pointer,
            format!("`{url}` is no URL that can be called"),
            "write it in full: `https://host/path`",
        )),
    }
}
