//! The settings, as the driver uses them.

use jackfield_sdk::{Settings, SettingsError};
use meta_common::MetaSettings;

/// The JSON Schema that the server checks them against.
pub const SCHEMA: &str = include_str!("settings-schema.json");

/// All settings of a channel.
pub struct WhatsAppSettings {
    /// What both of Meta's drivers have; the account is the phone number's id.
    pub meta: MetaSettings,
    /// Whether what a customer wrote is marked as read when an agent takes it.
    pub mark_read: bool,
}

impl WhatsAppSettings {
    /// Reads them.
    pub fn read(json: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        let remedy = "write the phone number's id as Meta's app dashboard shows it, digits only";
        Ok(Self {
            meta: MetaSettings::read(&settings, "phone-number-id", remedy)?,
            mark_read: settings.boolean("/mark-read", false)?,
        })
    }
}
