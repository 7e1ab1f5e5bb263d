//! The traits of a driver, and the glue between them and the generated bindings.

use core::cell::RefCell;
use core::marker::PhantomData;
use std::rc::Rc;
use std::thread::LocalKey;

use crate::bindings::{driver, stream, timer, webhook};
use crate::error::code;
use crate::{
    Closing, Context, Delivery, Descriptor, Error, Expiry, Message, Outcome, Peer, Receipt, Refused, Request, Response,
    Result, SettingsError, Signal, WorkItem, host,
};

/// What every driver has. The value is one configured instance; the host may make several of them, and may
/// drop any of them between two calls, so that what must last belongs into [`crate::host::store`].
pub trait Driver: Sized + 'static {
    /// What the driver is: names, settings, secrets, what it wants to touch. Called without any capability.
    fn describe() -> Descriptor;

    /// Makes an instance for one channel.
    ///
    /// # Errors
    /// The key at fault, what is wrong with it, and what to write instead.
    fn configure(context: Context, settings: &str) -> Result<Self, SettingsError>;

    /// Does what the server asks of the channel: sends the agent's answer, tells of an assignment.
    /// Only interactions that the descriptor lists are delivered.
    fn deliver(&self, delivery: Delivery) -> Outcome;
}

/// A driver that is called over HTTP.
pub trait Webhook: Driver {
    /// Answers one request. The answer is sent after what the call pushed is durable.
    ///
    /// # Errors
    /// The server answers 502, and the channel may retry. What was pushed is kept.
    fn receive(&self, request: Request) -> Result<Response>;
}

/// A driver that sets timers, or wants to be told when its channel begins to be served.
pub trait Timer: Driver {
    /// A timer has run out, or (`start`) the channel begins to be served.
    ///
    /// # Errors
    /// The timer is fired again later, where the error's code is one that is retried.
    fn fired(&self, expiry: Expiry) -> Result<()>;
}

/// A driver that takes or opens connections of bytes. The host makes one instance of it for each connection, so what
/// belongs to a connection may be kept in `self` (behind a `RefCell`). Answers go out by [`crate::host::connections`]
/// when the call has committed.
pub trait Stream: Driver {
    /// A connection is there; with `tls://` TLS is up.
    fn opened(&self, connection: &str, peer: Peer);

    /// The next bytes, at most 64 KiB, in order, cut anywhere.
    fn received(&self, connection: &str, data: Vec<u8>);

    /// Something else: `secured`, `writable`, `draining`; what the driver does not know it passes over.
    fn signaled(&self, _connection: &str, _signal: Signal) {}

    /// It has ended, or could not be opened. The last call for this connection.
    fn closed(&self, _connection: &str, _closing: Closing) {}
}

/// Where the configured instance of a driver is kept; implemented by [`export!`](crate::export).
pub trait Instance: Driver {
    /// The place, one for each driver type.
    fn place() -> &'static LocalKey<RefCell<Option<Rc<Self>>>>;
}

/// Stands for a driver towards the generated bindings; used by [`export!`](crate::export).
pub struct Glue<T>(PhantomData<T>);

impl<T: Instance> Glue<T> {
    fn instance() -> Result<Rc<T>> {
        T::place()
            .with_borrow(Clone::clone)
            .ok_or_else(|| Error::new(code::WRONG_STATE, "the instance was not configured: `configure` comes first"))
    }
}

impl<T: Instance> driver::exports::jackfield::channel::driver::Guest for Glue<T> {
    fn describe() -> Descriptor {
        T::describe()
    }

    fn configure(context: Context, settings: String) -> Result<(), SettingsError> {
        // The trap that a panic becomes says where, but not what: that goes to the channel's log before it.
        #[cfg(target_arch = "wasm32")]
        std::panic::set_hook(Box::new(|panic| {
            host::log::write(host::Level::Error, &panic.to_string(), &[]);
        }));
        let instance = T::configure(context, &settings)?;
        T::place().set(Some(Rc::new(instance)));
        Ok(())
    }

    fn deliver(delivery: Delivery) -> Outcome {
        match Self::instance() {
            Ok(instance) => instance.deliver(delivery),
            Err(error) => Outcome::Failure(error),
        }
    }
}

impl<T: Instance + Webhook> webhook::exports::jackfield::channel::webhook::Guest for Glue<T> {
    fn receive(request: Request) -> Result<Response> {
        Self::instance()?.receive(request)
    }
}

impl<T: Instance + Timer> timer::exports::jackfield::channel::timer::Guest for Glue<T> {
    fn fired(expiry: Expiry) -> Result<()> {
        Self::instance()?.fired(expiry)
    }
}

/// These handlers return nothing, so an instance without a driver can only be told by a trap.
fn configured<T>(instance: Result<Rc<T>>) -> Rc<T> {
    instance.unwrap_or_else(|error| panic!("{}", error.text))
}

impl<T: Instance + Stream> stream::exports::jackfield::channel::stream::Guest for Glue<T> {
    fn opened(connection: String, peer: Peer) {
        configured(Self::instance()).opened(&connection, peer);
    }

    fn received(connection: String, data: Vec<u8>) {
        configured(Self::instance()).received(&connection, data);
    }

    fn signaled(connection: String, signal: Signal) {
        configured(Self::instance()).signaled(&connection, signal);
    }

    fn closed(connection: String, closing: Closing) {
        configured(Self::instance()).closed(&connection, closing);
    }
}

/// The channel's id of the customer's message that a `message.send` answers; none: the conversation as a whole.
pub fn reply_to(message: &Message) -> Option<String> {
    let arguments = crate::json::parse(message.interaction.arguments.as_bytes()).ok()?;
    arguments.get("replyTo").and_then(crate::json::Value::as_str).map(String::from)
}

/// Pushes messages in order, up to the first that is refused.
///
/// # Errors
/// The first refusal.
pub fn push_all(messages: &[Message]) -> Result<(), Refused> {
    messages.iter().try_for_each(|message| host::server::push(message).map(|_id| ()))
}

impl crate::TimerOptions {
    /// A timer of the channel that outlives restarts and swaps.
    pub fn durable() -> Self {
        Self { volatile: false, connection: None, attributes: Vec::new() }
    }
}

impl Delivery {
    /// The work item that it is for.
    ///
    /// # Errors
    /// `invalid`: it has none, so there is nobody to send it to.
    pub fn work_item(&self) -> Result<&WorkItem> {
        let none = || Error::new(code::INVALID, "the message has no work item, so nobody to send it to");
        self.message.work_item.as_ref().ok_or_else(none)
    }
}

impl Receipt {
    /// The channel took it. `external_ids`: the channel's ids of what was sent, of which a receipt has at most 64.
    pub fn sent(mut external_ids: Vec<String>) -> Self {
        external_ids.truncate(64);
        Self { external_ids, conversation: None, status: "sent".into(), attributes: Vec::new() }
    }
}

/// Exports a driver: its type, and the interfaces it has, `driver` first.
///
/// Does nothing on other targets than Wasm, where a driver is an ordinary type.
#[macro_export]
macro_rules! export {
    ($driver:ty : $($interface:ident),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            impl $crate::Instance for $driver {
                fn place() -> &'static ::std::thread::LocalKey<::core::cell::RefCell<::core::option::Option<::std::rc::Rc<Self>>>> {
                    ::std::thread_local! {
                        static PLACE: ::core::cell::RefCell<::core::option::Option<::std::rc::Rc<$driver>>> =
                            const { ::core::cell::RefCell::new(::core::option::Option::None) };
                    }
                    &PLACE
                }
            }
            type Exported = $crate::Glue<$driver>;
            $($crate::export_interface!($interface, Exported);)+
        };
    };
}

/// One interface of [`export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! export_interface {
    (driver, $glue:ident) => {
        $crate::bindings::driver::export_driver!($glue with_types_in $crate::bindings::driver);
    };
    (webhook, $glue:ident) => {
        $crate::bindings::webhook::export_webhook!($glue with_types_in $crate::bindings::webhook);
    };
    (stream, $glue:ident) => {
        $crate::bindings::stream::export_stream!($glue with_types_in $crate::bindings::stream);
    };
    (timer, $glue:ident) => {
        $crate::bindings::timer::export_timer!($glue with_types_in $crate::bindings::timer);
    };
}
