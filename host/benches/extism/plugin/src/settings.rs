//! The settings of the sample's channel, in the form that the driver's mapping asks for.

/// As far as the mapping uses them.
pub struct WebhookSettings {
    pub media_type: String,
    pub map: Map,
}

/// Where in the payload things are: JSON Pointers.
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

/// The sample's channel sets only its media type: everything is where the driver looks by default.
pub fn of_the_sample() -> WebhookSettings {
    let at = |name: &str| Some(format!("/{name}"));
    WebhookSettings {
        media_type: "sms".to_owned(),
        map: Map {
            id: at("id"),
            conversation: at("conversation"),
            from: at("from"),
            name: at("name"),
            text: at("text"),
            attachments: at("attachments"),
            time: at("time"),
            subject: at("subject"),
            language: at("language"),
            priority: at("priority"),
        },
    }
}
