//! A channel driver that does what no driver should: as the request's path, the delivered text or the setting
//! `at-configure` say. What is none of that it does well, so that one sees it go on.

mod deeds;

use deeds::Aim;
use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Message, Outcome, Receipt, Request, Response, Result, Settings,
    SettingsError, WorkItem, capability, host, media_type, supported,
};

const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,
    "properties":{"at-configure":{"type":"string"},"target":{"type":"string"}}}"#;

/// The driver.
pub struct Hostile {
    /// An origin that it asks for.
    target: String,
}

impl Hostile {
    fn aim<'a>(&'a self, query: &'a str) -> Aim<'a> {
        Aim { target: &self.target, query }
    }
}

impl Driver for Hostile {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("hostile", env!("CARGO_PKG_VERSION"), "Hostile");
        descriptor.vendor = "Jackfield's tests".into();
        descriptor.media_types = vec![media_type("noise")];
        descriptor.interactions = supported(&["message.send"]);
        descriptor.settings_schema = SCHEMA.into();
        descriptor.capabilities = vec![capability("http", &["{target}"], "wants to see what is there", false)];
        descriptor
    }

    fn configure(_context: Context, settings: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(settings)?;
        match settings.text("/at-configure")? {
            Some("refuse") => {
                return Err(SettingsError::new("/at-configure", "it refuses", "write something else"));
            }
            Some(deed) => drop(deeds::commit(deed, Aim::default())),
            None => {}
        }
        Ok(Self { target: settings.text("/target")?.unwrap_or("http://127.0.0.1:9").into() })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        let text = delivery.message.text();
        let deed = text.split(' ').next().unwrap_or_default();
        if let Some(Err(error)) = deeds::commit(deed, self.aim("")) {
            return Outcome::Failure(error);
        }
        Outcome::Receipt(Receipt::sent(vec![]))
    }
}

impl jackfield_sdk::Webhook for Hostile {
    fn receive(&self, request: Request) -> Result<Response> {
        let path = request.url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        match deeds::commit(path, self.aim(request.query())) {
            Some(response) => response,
            None => well(path),
        }
    }
}

impl jackfield_sdk::Timer for Hostile {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        let deed = String::from_utf8_lossy(&expiry.payload).into_owned();
        deeds::commit(&deed, self.aim("")).map_or(Ok(()), |response| response.map(drop))
    }
}

/// A request as any driver would push it; `path` is its event id.
fn well(path: &str) -> Result<Response> {
    let message = Message::support_request("noise", WorkItem::new("line", "+15550100"))
        .with_event_id(path)
        .with_text("all is well");
    Ok(match host::server::push(&message) {
        Ok(id) => Response::new(200, "text/plain", id),
        Err(refused) => Response::refused(&refused),
    })
}

jackfield_sdk::export!(Hostile: driver, webhook, timer);
