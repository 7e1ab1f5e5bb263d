//! What Twilio says: parameters by name.

/// How the keys of this driver's attributes begin.
pub const PREFIX: &str = "twilio-sms.";

/// The parameters of a request, in order, repeats kept. Twilio adds new ones without notice.
pub struct Params(pub Vec<(String, String)>);

impl Params {
    /// The first value of a parameter; none where it is missing or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The id of the message, under the newest of its three names.
    pub fn message_sid(&self) -> Option<&str> {
        ["MessageSid", "SmsMessageSid", "SmsSid"].iter().find_map(|name| self.get(name))
    }

    /// All parameters but those named, as attributes of a message (`twilio-sms.NAME`): each name once, few, and none of
    /// them long.
    pub fn attributes_without(&self, taken: &[&str]) -> Vec<(String, String)> {
        const MAX_COUNT: usize = 60;
        const MAX_NAME: usize = 64;
        const MAX_VALUE: usize = 1024;
        let mut attributes: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.0 {
            let key = format!("{PREFIX}{name}");
            let known = attributes.iter().any(|(earlier, _)| *earlier == key);
            let is_media = name.starts_with("MediaUrl") || name.starts_with("MediaContentType");
            let fits =
                (1..=MAX_NAME).contains(&name.len()) && value.len() <= MAX_VALUE && !name.contains(char::is_control);
            if fits && !known && !is_media && !value.is_empty() && !taken.contains(&name.as_str()) {
                attributes.push((key, value.clone()));
            }
        }
        attributes.truncate(MAX_COUNT);
        attributes
    }
}
