//! The settings, as the driver uses them.

use jackfield_sdk::{Settings, SettingsError};
use meta_common::MetaSettings;

/// The JSON Schema that the server checks them against.
pub const SCHEMA: &str = include_str!("settings-schema.json");

/// All settings of a channel.
pub struct MessengerSettings {
    /// What both of Meta's drivers have; the account is the page's id.
    pub meta: MetaSettings,
    /// The app that we send by, where the operator says it.
    pub app_id: Option<String>,
    /// Whether answers after a day go out as a person's.
    pub human_agent: bool,
    /// Whether what a customer wrote is marked as seen when an agent takes it.
    pub mark_read: bool,
    /// Whether customers' names are asked for.
    pub profile_names: bool,
}

impl MessengerSettings {
    /// Reads them.
    pub fn read(json: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        Ok(Self {
            meta: MetaSettings::read(&settings, "page-id", "write the page's id, digits only")?,
            app_id: settings.text("/app-id")?.map(String::from),
            human_agent: settings.boolean("/human-agent", true)?,
            mark_read: settings.boolean("/mark-read", false)?,
            profile_names: settings.boolean("/profile-names", false)?,
        })
    }
}
