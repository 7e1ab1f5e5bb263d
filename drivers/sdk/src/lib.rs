//! What a channel driver in Rust is written with.
//!
//! A driver is a type that implements [`Driver`] and, for each other interface of the specification that it
//! exports, the trait of that name ([`Webhook`], [`Timer`], [`Stream`]). One line makes a component of it:
//!
//! ```
//! use jackfield_sdk::{Context, Descriptor, Driver, Message, Request, Response, Result, SettingsError, Webhook};
//! use jackfield_sdk::{Outcome, Delivery, Receipt, WorkItem, host, media_type};
//!
//! struct Pager;
//!
//! impl Driver for Pager {
//!     fn describe() -> Descriptor {
//!         let mut descriptor = Descriptor::new("pager", "1.0.0", "A pager");
//!         descriptor.media_types.push(media_type("pager"));
//!         descriptor
//!     }
//!
//!     fn configure(_context: Context, _settings: &str) -> Result<Self, SettingsError> {
//!         Ok(Pager)
//!     }
//!
//!     fn deliver(&self, _delivery: Delivery) -> Outcome {
//!         Outcome::Receipt(Receipt::sent(vec![]))
//!     }
//! }
//!
//! impl Webhook for Pager {
//!     fn receive(&self, request: Request) -> Result<Response> {
//!         let text = String::from_utf8_lossy(&request.body_bytes(4096)?).into_owned();
//!         let message = Message::support_request("pager", WorkItem::new("line-1", "+14155551212"))
//!             .with_event_id("page-1")
//!             .with_text(&text);
//!         match host::server::push(&message) {
//!             Ok(_) => Ok(Response::empty(204)),
//!             Err(refused) => Ok(Response::refused(&refused)),
//!         }
//!     }
//! }
//!
//! jackfield_sdk::export!(Pager: driver, webhook);
//! ```
//!
//! Drivers have no clock, no randomness and no sockets of their own: all of it is in [`host`]. On any other
//! target than Wasm, `host` is the in-memory one of [`native`], so that a driver's logic is tested (and
//! measured) as an ordinary program.

/// The example of the specification's guide, built as authors will build it.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/specification.md")]
pub struct Guide;

pub mod api;
mod aside;
pub mod bindings;
mod descriptor;
mod dialog;
mod driver;
pub mod encoding;
pub mod error;
pub mod form;
pub mod health;
pub mod host;
mod http;
pub mod interactions;
pub mod json;
pub mod media;
mod message;
mod message_json;
mod multipart;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
pub mod opt_out;
pub mod pieces;
mod settings;
#[cfg(test)]
mod tests;
pub mod text;
pub mod time;

pub use crate::aside::set_aside;
pub use crate::bindings::driver::exports::jackfield::channel::driver::{
    Context, Delivery, Descriptor, Listener, Outcome, Receipt, SettingsError,
};
pub use crate::bindings::imports::jackfield::channel::connection_types::{Closing, Frame, Signal};
pub use crate::bindings::imports::jackfield::channel::connections::Target;
pub use crate::bindings::imports::jackfield::channel::http::{Capture, Field, Options as HttpOptions, Outgoing};
pub use crate::bindings::imports::jackfield::channel::http_types::{Body, Header, Request, Response};
pub use crate::bindings::imports::jackfield::channel::message::{
    AttachmentPart, Attributes, ConnectionInfo, Customer, Direction, Error, Interaction, Kind, Message, Part,
    StructuredPart, TextPart, WorkItemInfo as WorkItem,
};
pub use crate::bindings::imports::jackfield::channel::peer::{Peer, Tls};
pub use crate::bindings::imports::jackfield::channel::secrets::Piece;
pub use crate::bindings::imports::jackfield::channel::server::Refused;
pub use crate::bindings::imports::jackfield::channel::timers::Options as TimerOptions;
pub use crate::bindings::timer::exports::jackfield::channel::timer::Expiry;
pub use crate::descriptor::{capability, command, headers, instances, limit, media_type, secret, supported};
pub use crate::dialog::Dialog;
pub use crate::driver::{Driver, Glue, Instance, Stream, Timer, Webhook, push_all, reply_to};
pub use crate::http::{header_of, origin, retry_after_ms};
pub use crate::multipart::Multipart;
pub use crate::settings::Settings;

/// The result of a handler: what it may fail with is an [`Error`] of the specification.
pub type Result<T, E = Error> = core::result::Result<T, E>;
