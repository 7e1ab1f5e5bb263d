//! `[[channel]]`: a configured use of a driver.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde_json::Value;

use crate::grants::{self, Grants};
use crate::limits::{self, Limits};
use crate::listen::{self, Listen, TlsFiles};
use crate::names::DriverRef;
use crate::people::Ids;
use crate::place::Place;
use crate::problem::{Problem, quote};
use crate::reader::{Node, Table, join};
use crate::secret::{Secret, read_values};
use crate::settings::{self, Places, escape, unescape};

/// A channel, defaults filled in.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The channel's id.
    pub id: String,
    /// The driver it uses.
    pub driver: DriverRef,
    /// What the driver is configured with: always an object, not yet checked against the driver's schema.
    pub settings: Value,
    /// Name -> its valid values: the current one, and during a rotation the one before it.
    pub secrets: BTreeMap<String, Vec<Secret>>,
    /// What the driver may touch.
    pub grants: Grants,
    /// How much it may use.
    pub limits: Limits,
    /// Addresses the host listens on for the driver.
    pub listen: Vec<Listen>,
    /// The certificate of `tls://` addresses, and of connections on which the driver begins TLS.
    pub tls: Option<TlsFiles>,
    /// Addresses of proxies whose connections begin with a header of the PROXY protocol.
    pub proxy_from: Vec<IpNet>,
    /// Whether the channel is a simulation, and so stays out of statistics. Default no.
    pub simulated: bool,
    /// Whether each handler call is kept for replay. Default no.
    pub record: bool,
    /// Whether a message whose sending is in doubt after a crash is sent again. Default no.
    pub resend_unknown: bool,
    path: String,
    places: Places,
}

impl Channel {
    /// Whether a driver serves both in the same way: nothing of what its instances see or may do differs.
    pub fn serves_as(&self, other: &Self) -> bool {
        (&self.settings, &self.secrets, &self.grants, &self.limits, self.simulated)
            == (&other.settings, &other.secrets, &other.grants, &other.limits, other.simulated)
    }

    /// Where a value of the settings stands, by its JSON Pointer (`/account-sid`); for one that doesn't
    /// exist, where the nearest value around it stands, at last the channel itself.
    pub fn place_of(&self, pointer: &str) -> Place {
        self.find(&format!("/settings{pointer}"))
    }

    /// Where one of the channel's own keys stands (`driver`, `secrets`), or the channel if it isn't there.
    pub fn place_of_key(&self, key: &str) -> Place {
        self.find(&format!("/{}", escape(key)))
    }

    /// A problem with the settings that only the driver knows, at its place, for the value at a JSON Pointer.
    pub fn settings_problem(&self, pointer: &str, problem: String, remedy: String) -> Problem {
        let key = pointer.split('/').skip(1).fold(join(&self.path, "settings"), |path, piece| {
            let piece = unescape(piece);
            if piece.bytes().all(|byte| byte.is_ascii_digit()) && !piece.is_empty() {
                format!("{path}[{piece}]")
            } else {
                join(&path, &piece)
            }
        });
        Problem { place: self.place_of(pointer), key, problem, remedy }
    }

    /// A problem with one of the channel's own keys, at its place; of a path such as `grants.http` at its first key's.
    pub fn key_problem(&self, key: &str, problem: String, remedy: String) -> Problem {
        let first = key.split('.').next().unwrap_or(key);
        let path = key.split('.').fold(self.path.clone(), |path, piece| join(&path, piece));
        Problem { place: self.place_of_key(first), key: path, problem, remedy }
    }

    fn find(&self, pointer: &str) -> Place {
        // The channel's own place stands at the empty pointer, so that the search always ends there.
        settings::place_of(&self.places, pointer).cloned().unwrap_or_else(|| Place {
            file: "".into(),
            line: 1,
            column: 1,
        })
    }
}

pub(crate) fn read(root: &Table<'_>) -> Vec<Channel> {
    let mut ids = Ids::new("channel");
    root.tables("channel")
        .into_iter()
        .map(|table| {
            let mut places = Places::from([(String::new(), table.place().clone())]);
            for (key, place) in table.key_places() {
                places.insert(format!("/{}", escape(key)), place);
            }
            let tls = listen::read_tls(&table);
            let flag = |key| table.get(key).and_then(|node| node.boolean());
            let channel = Channel {
                id: table.required("id", "id = \"front-desk\"").and_then(|node| ids.take(&node)).unwrap_or_default(),
                driver: table
                    .required("driver", "driver = \"webhook\"")
                    .and_then(|node| driver(&node))
                    .unwrap_or(DriverRef { name: String::new(), version: None }),
                settings: settings(&table, &mut places),
                secrets: secrets(&table),
                grants: grants::read(&table),
                limits: limits::read(&table),
                listen: listen::read(&table, table.get("tls").is_some()),
                tls,
                proxy_from: listen::read_proxies(&table),
                simulated: flag("simulated").unwrap_or(false),
                record: flag("record").unwrap_or(false),
                resend_unknown: flag("resend-unknown").unwrap_or(false),
                path: table.path().to_owned(),
                places,
            };
            if let Some(node) = table.get("record").filter(|_| channel.record && !channel.grants.reveal.is_empty()) {
                node.error(
                    "can't be together with the grant `reveal`: a driver that is shown a secret may put it anywhere, \
                     and so into a record",
                    "leave out one of them",
                );
            }
            table.finish();
            channel
        })
        .collect()
}

fn driver(node: &Node<'_>) -> Option<DriverRef> {
    let text = node.string("a driver's name in quotes")?;
    let driver = DriverRef::parse(text);
    if driver.is_none() {
        node.error(format!("{} is not a driver's name", quote(text)), "write \"name\" or \"name@1.2.3\"");
    }
    driver
}

fn settings(table: &Table<'_>, places: &mut Places) -> Value {
    let empty = || Value::Object(serde_json::Map::new());
    let Some(node) = table.get("settings") else {
        return empty();
    };
    if node.table("{ key = \"value\" }").is_none() {
        return empty();
    }
    settings::to_json(&node, "/settings", places)
}

fn secrets(table: &Table<'_>) -> BTreeMap<String, Vec<Secret>> {
    table
        .get("secrets")
        .map(|node| node.entries("{ auth-token = \"env:NAME\" }"))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, node)| Some((name, read_values(&node)?)))
        .collect()
}
