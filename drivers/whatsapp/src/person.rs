//! Who a customer is.
//!
//! Meta gives each customer an id for each business (`user_id`, `US.1349...`), which lasts; a phone number (`wa_id`,
//! `from`) only where the customer doesn't hide it behind a user name. The id is the customer's address, the number an
//! alias. A customer known by number alone is one with the id as soon as both come together.

use jackfield_sdk::interactions::{CustomerChanged, WorkItemMerge};
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, WorkItem, host};
use meta_common::{cut, id, items, text};

use crate::MEDIA_TYPE;

/// How long it is known under which address a number's customer is.
const KNOWN_MS: u64 = 90 * 86_400_000;
/// The work item's attribute that names the group which is written in.
pub const GROUP: &str = "whatsapp.group";

/// A customer, as an event tells of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    /// Meta's id.
    pub user_id: Option<String>,
    /// The phone number, digits only.
    pub wa_id: Option<String>,
    /// The number that the event itself has, where that is spelt in another way.
    pub from: Option<String>,
    /// The name that the customer goes by.
    pub name: Option<String>,
    /// The user name.
    pub username: Option<String>,
    /// The id across a business' several accounts.
    pub parent_user_id: Option<String>,
}

impl Person {
    /// Who wrote a message.
    pub fn who_wrote(value: &Value<'_>, message: &Value<'_>) -> Self {
        Self::named(value, id(message, "from"), id(message, "from_user_id"), id(message, "from_parent_user_id"))
    }

    /// Who was written to: of a status or an echo.
    pub fn written_to(value: &Value<'_>, event: &Value<'_>) -> Self {
        let number = id(event, "recipient_id").or(id(event, "to")).filter(|number| is_number(number));
        let user_id = id(event, "recipient_user_id").or(id(event, "to_user_id"));
        Self::named(value, number, user_id, id(event, "recipient_parent_user_id"))
    }

    /// With what the change's list of contacts says of the same person.
    pub fn named(value: &Value<'_>, number: Option<&str>, user_id: Option<&str>, parent: Option<&str>) -> Self {
        let contacts = items(value, "contacts");
        let same = |name: &str, known: Option<&str>| {
            known.and_then(|known| contacts.iter().find(|contact| id(contact, name) == Some(known)))
        };
        // Without a word of which is which, one contact is the one.
        let only = || contacts.first().filter(|_| contacts.len() == 1 && number.is_none() && user_id.is_none());
        let differs = |contact: &&Value<'_>| {
            user_id.is_none() || id(contact, "user_id").is_none_or(|other| Some(other) == user_id)
        };
        // Some countries' numbers have two spellings: `from` one, `wa_id` the other.
        let spelt = || contacts.first().filter(|_| contacts.len() == 1).filter(differs);
        let contact = same("user_id", user_id).or_else(|| same("wa_id", number)).or_else(only).or_else(spelt);
        let of = |name: &str| contact.and_then(|contact| id(contact, name)).map(String::from);
        let profile = contact.and_then(|contact| contact.get("profile"));
        let told = |name: &str| profile.and_then(|profile| text(profile, name)).map(|text| cut(text, 1000).to_owned());
        Self {
            user_id: user_id.map(String::from).or_else(|| of("user_id")),
            wa_id: of("wa_id"),
            from: number.map(String::from),
            name: told("name"),
            username: told("username"),
            parent_user_id: parent.map(String::from).or_else(|| of("parent_user_id")),
        }
    }

    fn number(&self) -> Option<&str> {
        self.from.as_deref().or(self.wa_id.as_deref())
    }

    /// Where the customer is reached: the id, else what a number is known as, else the number.
    pub fn address(&self) -> Option<String> {
        if let Some(user_id) = &self.user_id {
            return Some(user_id.clone());
        }
        match self.number() {
            Some(number) => Some(known_as(number).unwrap_or_else(|| number.into())),
            None => self.parent_user_id.clone(),
        }
    }

    /// The work item of this customer's conversation; none where nothing says who it is.
    pub fn work_item(&self) -> Option<WorkItem> {
        let address = self.address()?;
        let mut work_item = WorkItem::new(address.as_str(), address.as_str());
        let customer = &mut work_item.customer;
        for alias in [&self.from, &self.wa_id, &self.parent_user_id].into_iter().flatten() {
            if *alias != address && !customer.aliases.contains(alias) {
                customer.aliases.push(alias.clone());
            }
        }
        customer.name = self.name.clone().or_else(|| self.username.clone());
        if let Some(username) = &self.username {
            customer.attributes.push(("whatsapp.username".into(), username.clone()));
        }
        Some(work_item)
    }

    /// Keeps which number is whose. Messages, where a conversation that had the number as its key goes on under the id.
    pub fn recognise(&self, event_id: &str) -> Vec<Message> {
        let (Some(number), Some(address), Some(work_item)) = (self.number(), self.address(), self.work_item()) else {
            return Vec::new();
        };
        let known = known_as(number);
        if known.as_deref() != Some(&address) {
            remember(number, &address);
        }
        match known {
            Some(known) if known == number && address != number => moved(number, work_item, event_id),
            _ => Vec::new(),
        }
    }
}

/// What tells that the customer of the conversation `from` is now the work item's.
pub fn moved(from: &str, work_item: WorkItem, event_id: &str) -> Vec<Message> {
    let to = work_item.conversation.clone();
    let changed =
        CustomerChanged { old_address: Some(from.into()), new_address: Some(work_item.customer.address.clone()) };
    let merge = WorkItemMerge { from_conversation: from.into(), to_conversation: to };
    vec![
        Message::new(MEDIA_TYPE, &merge).with_work_item(work_item.clone()).with_event_id(format!("{event_id}/merge")),
        Message::new(MEDIA_TYPE, &changed).with_work_item(work_item).with_event_id(format!("{event_id}/customer")),
    ]
}

/// Keeps under which address a number's customer is. Nobody's message is lost because this can't be kept.
pub fn remember(number: &str, address: &str) {
    if let Err(error) = host::store::set(&key(number), address.as_bytes(), Some(KNOWN_MS)) {
        host::warn(&format!("whose number it is can't be kept: {}", error.text));
    }
}

fn known_as(number: &str) -> Option<String> {
    String::from_utf8(host::store::get(&key(number)).ok().flatten()?).ok()
}

fn key(number: &str) -> String {
    format!("number/{}", cut(number, 240))
}

/// Whether an address is a phone number.
pub fn is_number(address: &str) -> bool {
    !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit())
}
