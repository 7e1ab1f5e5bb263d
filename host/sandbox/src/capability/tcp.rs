//! `tcp`: connections that live as long as a call; the guest waits, the host does not.

use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::bindings::jackfield::channel::tcp::{Host, HostConnection};
use crate::call::{State, refuse};
use crate::capability::http::{no_way_out, out_of_bytes};
use crate::channel::Channel;
use jackfield_egress::{Client, Limit, TcpConnection};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Resource;

/// Most bytes of one read.
const READ: u32 = 1 << 20;
/// How long the end of a connection may take.
const CLOSE: Duration = Duration::from_secs(2);

/// A connection in a guest's hands.
pub struct Connection(TcpConnection);

fn gone() -> Error {
    refuse("invalid", "this connection was closed")
}

fn failed(error: &jackfield_egress::Error) -> Error {
    let code = match error.code() {
        code @ ("invalid" | "denied" | "timeout") => code,
        _ => "unavailable",
    };
    refuse(code, error.to_string())
}

impl State {
    fn connection(&mut self, connection: &Resource<Connection>) -> Result<&mut TcpConnection, Error> {
        Ok(&mut self.table.get_mut(connection).map_err(|_| gone())?.0)
    }

    fn way_out(&mut self) -> Result<(Arc<Channel>, Arc<Client>), Error> {
        let channel = self.act()?;
        let client = channel.config.grants.client.clone().ok_or_else(|| no_way_out(&channel))?;
        Ok((channel, client))
    }

    fn within(&self, timeout_ms: u32) -> Duration {
        Duration::from_millis(u64::from(timeout_ms)).min(self.time_left())
    }
}

impl HostConnection for State {
    async fn read(&mut self, connection: Resource<Connection>, max: u32, timeout_ms: u32) -> Result<Vec<u8>, Error> {
        let (channel, client) = self.way_out()?;
        let left = self.bytes_left(&channel);
        if left == 0 {
            return Err(out_of_bytes(&channel, &client));
        }
        let max = u64::from(max.clamp(1, READ)).min(left) as usize;
        let (clock, within) = (self.clock.clone(), self.within(timeout_ms));
        let connection = self.connection(&connection)?;
        clock.pause();
        let read = connection.read(max, within).await;
        clock.resume();
        let bytes = read.map_err(|error| failed(&error))?;
        self.call.egress_bytes += bytes.len() as u64;
        // A peer that repeats what it was sent must not bring a secret into the guest's memory.
        let composed: Vec<_> = self.call.composed.values().flatten().cloned().collect();
        Ok(channel.scrubber.bytes(&bytes, &composed).into_owned())
    }

    async fn write(
        &mut self,
        connection: Resource<Connection>,
        data: Vec<Piece>,
        timeout_ms: u32,
    ) -> Result<(), Error> {
        let (channel, client) = self.way_out()?;
        let data = self.assemble(&channel, &data)?;
        let size = data.bytes.len() as u64;
        if size > self.bytes_left(&channel) {
            return Err(out_of_bytes(&channel, &client));
        }
        self.call.egress_bytes += size;
        let (clock, within) = (self.clock.clone(), self.within(timeout_ms));
        let connection = self.connection(&connection)?;
        clock.pause();
        let written = connection.write(&data.bytes, within).await;
        clock.resume();
        written.map_err(|error| failed(&error))
    }

    async fn start_tls(
        &mut self,
        connection: Resource<Connection>,
        server_name: Option<String>,
        timeout_ms: u32,
    ) -> Result<(), Error> {
        self.way_out()?;
        let (clock, within) = (self.clock.clone(), self.within(timeout_ms));
        let connection = self.connection(&connection)?;
        clock.pause();
        let secured = connection.start_tls(server_name.as_deref(), within).await;
        clock.resume();
        secured.map_err(|error| failed(&error))
    }

    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        // One of an earlier call is gone already.
        let _ = self.table.delete(connection);
        Ok(())
    }
}

impl Host for State {
    async fn connect(&mut self, url: String, timeout_ms: u32) -> Result<Resource<Connection>, Error> {
        let (channel, client) = self.way_out()?;
        let most = channel.config.limits.tcp_connections;
        self.call.tcp_connections += 1;
        if self.call.tcp_connections > most {
            client.counters().limit(Limit::TcpConnections);
            return Err(refuse(
                "quota",
                format!("more than {most} connections in one call; use one longer, or raise limits.tcp-connections"),
            ));
        }
        // From here on the call can't be run again as if nothing had happened.
        self.call.transaction.sent = true;
        let (clock, within) = (self.clock.clone(), self.within(timeout_ms));
        clock.pause();
        let connected = client.connect(&url, within).await;
        clock.resume();
        let connection = connected.map_err(|error| failed(&error))?;
        self.table
            .push(Connection(connection))
            .map_err(|_| refuse("quota", "too many handles are open in this call; close some"))
    }

    async fn close(&mut self, connection: Resource<Connection>) {
        let Ok(Connection(connection)) = self.table.delete(connection) else { return };
        let (clock, within) = (self.clock.clone(), CLOSE.min(self.time_left()));
        clock.pause();
        connection.close(within).await;
        clock.resume();
    }
}
