//! The one way from a guest to what it imports: every function goes through here, so that a call can be kept, or
//! answered as one that was kept.
//!
//! What a function does stands in `capability`. While nothing is recorded a call costs one branch more.

use crate::bindings::jackfield::channel::message::{AgentInfo, Attributes, Customer, Error, Message};
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::bindings::jackfield::channel::{
    blobs, clock, connection_types, connections, crm, datagrams, http, http_types, log, message, peer, random, secrets,
    server, store, tcp, timers,
};
use crate::call::State;
use crate::capability::blobs::Writer;
use crate::capability::tcp::Connection;
use crate::tape::Before;
use wasmtime::component::{HasData, Resource};

/// Names [`Through`] to the linker.
pub(crate) struct Passage;

/// An instance's state, as its imports reach it.
pub(crate) struct Through<'a>(&'a mut State);

impl HasData for Passage {
    type Data<'a> = Through<'a>;
}

impl State {
    pub(crate) fn passage(&mut self) -> Through<'_> {
        Through(self)
    }
}

/// One call: as it is, kept, or answered from a record.
macro_rules! pass {
    ($state:expr, $name:literal, ($($argument:expr),*), $real:expr) => {{
        let before = $state.before($name, &($(&$argument,)*));
        match before {
            Before::Go => $real,
            Before::Keep => {
                let answer = $real;
                $state.after(&answer);
                answer
            }
            Before::Answered(answer) => {
                // Counted as it was then: a limit is met at the same call.
                $state.call.host_calls = $state.call.host_calls.saturating_add(1);
                answer
            }
        }
    }};
}

/// Functions of an interface: `now` for those that answer at once, `waits` for the others.
macro_rules! interface {
    ($of:path { $($kind:tt $function:ident $name:literal ($($argument:ident: $type:ty),*) -> $answer:ty;)* }) => {
        impl $of for Through<'_> {
            $(interface!(@ $kind $of, $function, $name, ($($argument: $type),*), $answer);)*
        }
    };
    (@ now $of:path, $function:ident, $name:literal, ($($argument:ident: $type:ty),*), $answer:ty) => {
        fn $function(&mut self, $($argument: $type),*) -> $answer {
            pass!(self.0, $name, ($($argument),*), <State as $of>::$function(self.0, $($argument),*))
        }
    };
    (@ waits $of:path, $function:ident, $name:literal, ($($argument:ident: $type:ty),*), $answer:ty) => {
        async fn $function(&mut self, $($argument: $type),*) -> $answer {
            self.0.never($name, &($(&$argument,)*)).await;
            pass!(self.0, $name, ($($argument),*), <State as $of>::$function(self.0, $($argument),*).await)
        }
    };
}

impl message::Host for Through<'_> {}
impl peer::Host for Through<'_> {}
impl http_types::Host for Through<'_> {}
impl connection_types::Host for Through<'_> {}

interface!(server::Host {
    now push "server.push" (message: Message) -> Result<String, server::Refused>;
    waits query "server.query" (message: Message) -> Result<Message, Error>;
    now messages "server.messages" (conversation: String, after: Option<String>, limit: u32) -> Result<server::Page, Error>;
    waits progress "server.progress" (external_id: String) -> Result<(), Error>;
    now to_json "server.to-json" (message: Message) -> Result<String, Error>;
    now set_aside "server.set-aside" (raw: Vec<u8>, reason: String) -> Result<(), Error>;
});

interface!(crm::Host {
    now find_customer "crm.find-customer" (address: String) -> Result<Option<Customer>, Error>;
    now find_agent "crm.find-agent" (by: String, value: String) -> Result<Option<AgentInfo>, Error>;
});

interface!(log::Host {
    now write "log.write" (level: log::Level, text: String, fields: Attributes) -> ();
});

interface!(clock::Host {
    now now "clock.now" () -> u64;
    now monotonic_ms "clock.monotonic-ms" () -> u64;
});

interface!(random::Host {
    now bytes "random.bytes" (length: u32) -> Vec<u8>;
});

interface!(timers::Host {
    waits set "timers.set" (name: String, delay_ms: u64, payload: Vec<u8>, options: timers::Options) -> Result<(), Error>;
    now cancel "timers.cancel" (name: String, connection: Option<String>) -> Result<(), Error>;
});

interface!(store::Host {
    now get "store.get" (key: String) -> Result<Option<Vec<u8>>, Error>;
    now set "store.set" (key: String, value: Vec<u8>, expires_in_ms: Option<u64>) -> Result<(), Error>;
    now delete "store.delete" (key: String) -> Result<(), Error>;
    now entries "store.entries" (prefix: String, after: Option<String>, limit: u32) -> Result<Vec<store::Entry>, Error>;
});

interface!(secrets::Host {
    now names "secrets.names" () -> Vec<String>;
    waits compose "secrets.compose" (pieces: Vec<Piece>, transform: String) -> Result<String, Error>;
    now hash "secrets.hash" (algorithm: String, pieces: Vec<Piece>) -> Result<Vec<u8>, Error>;
    now hmac "secrets.hmac" (key: String, algorithm: String, data: Vec<Piece>) -> Result<Vec<u8>, Error>;
    now verify_hmac "secrets.verify-hmac" (key: String, algorithm: String, data: Vec<Piece>, claimed: Vec<u8>) -> Result<bool, Error>;
    now equals "secrets.equals" (secret: String, claimed: Vec<u8>) -> Result<bool, Error>;
    now sign "secrets.sign" (key: String, algorithm: String, data: Vec<Piece>) -> Result<Vec<u8>, Error>;
    now reveal "secrets.reveal" (secret: String) -> Result<Vec<u8>, Error>;
    now forget "secrets.forget" (secret: String) -> Result<(), Error>;
});

interface!(http::Host {
    waits send "http.send" (request: http::Outgoing) -> Result<http_types::Response, Error>;
});

interface!(connections::Host {
    now write "connections.write" (connection: String, data: Vec<u8>) -> Result<(), Error>;
    now write_template "connections.write-template" (connection: String, data: Vec<Piece>) -> Result<(), Error>;
    now send "connections.send" (connection: String, frame: connections::Frame) -> Result<(), Error>;
    now start_tls "connections.start-tls" (connection: String, tls_name: Option<String>) -> Result<(), Error>;
    now close "connections.close" (connection: String, code: Option<u16>, reason: String) -> Result<(), Error>;
    now last_words "connections.last-words" (connection: String, data: Vec<u8>) -> Result<(), Error>;
    now bind "connections.bind" (connection: String, address: String) -> Result<(), Error>;
    now unbind "connections.unbind" (connection: String, address: String) -> Result<(), Error>;
    now find "connections.find" (address: String) -> Result<Vec<String>, Error>;
    now open "connections.open" (target: connections::Target) -> Result<String, Error>;
});

interface!(datagrams::Host {
    now send "datagrams.send" (local: Option<String>, remote: String, data: Vec<u8>) -> Result<(), Error>;
});

/// A resource stands in a record as its number.
fn made<T: 'static>(answer: Result<u32, Error>) -> Result<Resource<T>, Error> {
    answer.map(Resource::new_own)
}

fn number<T: 'static>(answer: Result<Resource<T>, Error>) -> Result<u32, Error> {
    answer.map(|resource| resource.rep())
}

impl blobs::HostWriter for Through<'_> {
    async fn write(&mut self, writer: Resource<Writer>, data: Vec<u8>) -> Result<(), Error> {
        let number = writer.rep();
        self.0.never("blobs.writer.write", &(&number, &data)).await;
        pass!(self.0, "blobs.writer.write", (number, data), blobs::HostWriter::write(self.0, writer, data).await)
    }

    fn size(&mut self, writer: Resource<Writer>) -> u32 {
        pass!(self.0, "blobs.writer.size", (writer.rep()), blobs::HostWriter::size(self.0, writer))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        blobs::HostWriter::drop(self.0, writer)
    }
}

impl blobs::Host for Through<'_> {
    async fn create(&mut self) -> Result<Resource<Writer>, Error> {
        self.0.never("blobs.create", &()).await;
        made(pass!(self.0, "blobs.create", (), number(blobs::Host::create(self.0).await)))
    }

    async fn finish(&mut self, writer: Resource<Writer>) -> Result<String, Error> {
        let number = writer.rep();
        self.0.never("blobs.finish", &(&number,)).await;
        pass!(self.0, "blobs.finish", (number), blobs::Host::finish(self.0, writer).await)
    }

    async fn put(&mut self, data: Vec<u8>) -> Result<String, Error> {
        self.0.never("blobs.put", &(&data,)).await;
        pass!(self.0, "blobs.put", (data), blobs::Host::put(self.0, data).await)
    }

    fn size(&mut self, blob: String) -> Result<u32, Error> {
        pass!(self.0, "blobs.size", (blob), blobs::Host::size(self.0, blob))
    }

    fn read(&mut self, blob: String, offset: u32, length: u32) -> Result<Vec<u8>, Error> {
        pass!(self.0, "blobs.read", (blob, offset, length), blobs::Host::read(self.0, blob, offset, length))
    }
}

impl tcp::HostConnection for Through<'_> {
    async fn read(&mut self, connection: Resource<Connection>, max: u32, timeout_ms: u32) -> Result<Vec<u8>, Error> {
        let number = connection.rep();
        self.0.never("tcp.connection.read", &(&number, &max, &timeout_ms)).await;
        let real = tcp::HostConnection::read;
        pass!(self.0, "tcp.connection.read", (number, max, timeout_ms), real(self.0, connection, max, timeout_ms).await)
    }

    async fn write(
        &mut self,
        connection: Resource<Connection>,
        data: Vec<Piece>,
        timeout_ms: u32,
    ) -> Result<(), Error> {
        let number = connection.rep();
        self.0.never("tcp.connection.write", &(&number, &data, &timeout_ms)).await;
        let real = tcp::HostConnection::write;
        pass!(
            self.0,
            "tcp.connection.write",
            (number, data, timeout_ms),
            real(self.0, connection, data, timeout_ms).await
        )
    }

    async fn start_tls(
        &mut self,
        connection: Resource<Connection>,
        server_name: Option<String>,
        timeout_ms: u32,
    ) -> Result<(), Error> {
        let number = connection.rep();
        self.0.never("tcp.connection.start-tls", &(&number, &server_name, &timeout_ms)).await;
        let real = tcp::HostConnection::start_tls;
        pass!(
            self.0,
            "tcp.connection.start-tls",
            (number, server_name, timeout_ms),
            real(self.0, connection, server_name, timeout_ms).await
        )
    }

    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        tcp::HostConnection::drop(self.0, connection)
    }
}

impl tcp::Host for Through<'_> {
    async fn connect(&mut self, url: String, timeout_ms: u32) -> Result<Resource<Connection>, Error> {
        self.0.never("tcp.connect", &(&url, &timeout_ms)).await;
        made(pass!(self.0, "tcp.connect", (url, timeout_ms), number(tcp::Host::connect(self.0, url, timeout_ms).await)))
    }

    async fn close(&mut self, connection: Resource<Connection>) {
        let rep = connection.rep();
        self.0.never("tcp.close", &(&rep,)).await;
        pass!(self.0, "tcp.close", (rep), tcp::Host::close(self.0, connection).await)
    }
}
