//! A name server that answers as it is told: also one thing now and another the next time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

#[derive(Default)]
struct Zone {
    /// Name without the dot at its end -> answers, the last one for ever.
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    /// How often each name was asked for, its addresses of version 4.
    asked: HashMap<String, usize>,
}

/// A DNS server on a free UDP port, gone when it is dropped. What it says is good for no second.
pub struct NameServer {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Starts it; it knows no name.
    ///
    /// # Panics
    /// There is no port.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = socket.local_addr().expect("its address");
        let zone = Arc::<Mutex<Zone>>::default();
        let shared = zone.clone();
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4_096];
            while let Ok((count, peer)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = answer(&shared, &buffer[..count]) {
                    let _ = socket.send_to(&answer, peer).await;
                }
            }
        });
        Self { address, zone, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets a name have these addresses: the first list at the first question, the next at the next.
    ///
    /// # Panics
    /// One is no address.
    #[must_use]
    pub fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let parse = |list: &&[&str]| list.iter().map(|text| text.parse().expect("an address")).collect();
        self.zone.lock().expect("the zone").answers.insert(name.to_owned(), answers.iter().map(parse).collect());
        self
    }

    /// How often the addresses of a name were asked for.
    ///
    /// # Panics
    /// A test of it panicked before.
    pub fn asked(&self, name: &str) -> usize {
        self.zone.lock().expect("the zone").asked.get(name).copied().unwrap_or_default()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(zone: &Mutex<Zone>, question: &[u8]) -> Option<Vec<u8>> {
    let mut message = Message::from_vec(question).ok()?.into_response();
    let query = message.queries.first()?.clone();
    // Resolvers vary the case of a name, to know their answers again.
    let name = query.name().to_utf8().trim_end_matches('.').to_ascii_lowercase();
    let mut zone = zone.lock().ok()?;
    let kind = query.query_type();
    let count = zone.asked.get(&name).copied().unwrap_or_default();
    let round = if kind == RecordType::A { count } else { count.saturating_sub(1) };
    if kind == RecordType::A {
        zone.asked.insert(name.clone(), count + 1);
    }
    match zone.answers.get(&name) {
        None => message.metadata.response_code = ResponseCode::NXDomain,
        Some(answers) => {
            for address in answers.get(round).or(answers.last()).into_iter().flatten() {
                let data = match (kind, address) {
                    (RecordType::A, IpAddr::V4(address)) => RData::A(<Ipv4Addr as Into<_>>::into(*address)),
                    (RecordType::AAAA, IpAddr::V6(address)) => RData::AAAA(<Ipv6Addr as Into<_>>::into(*address)),
                    _ => continue,
                };
                message.add_answer(Record::from_rdata(query.name().clone(), 0, data));
            }
        }
    }
    message.metadata.recursion_available = true;
    message.to_vec().ok()
}
