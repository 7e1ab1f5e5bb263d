//! What a server is started with.

use std::path::PathBuf;

use crate::files;

/// The token of an operator with the role `operator`.
pub const OPERATOR: &str = "operator-token";
/// The token of an operator with the role `supervisor`.
pub const SUPERVISOR: &str = "supervisor-token";
/// The token of an operator with the role `read-only`.
pub const READER: &str = "reader-token";

/// A config and the drivers that it needs.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub(crate) server: String,
    pub(crate) text: String,
    pub(crate) drivers: Vec<PathBuf>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Setup {
    /// A server without agents, queues or channels.
    pub fn new() -> Self {
        Self::default()
    }

    /// One queue `support`, one route to it, the agents named, whose tokens are their names.
    pub fn simple(agents: &[&str]) -> Self {
        agents
            .iter()
            .fold(Self::new(), |setup, agent| setup.agent(agent))
            .text("[[queue]]\nid = \"support\"\n[[route]]\nqueue = \"support\"\n")
    }

    /// Adds an agent whose token is its name.
    #[must_use]
    pub fn agent(self, id: &str) -> Self {
        self.text(&format!("[[agent]]\nid = \"{id}\"\nname = \"{id} the agent\"\ntoken = \"{id}\"\n"))
    }

    /// Adds lines of config.
    #[must_use]
    pub fn text(mut self, toml: &str) -> Self {
        self.text.push_str(toml);
        self.text.push('\n');
        self
    }

    /// Adds lines to `[server]`.
    #[must_use]
    pub fn server(mut self, toml: &str) -> Self {
        self.server.push_str(toml);
        self.server.push('\n');
        self
    }

    /// Adds a driver's file to the drivers folder.
    #[must_use]
    pub fn driver(mut self, file: PathBuf) -> Self {
        if !self.drivers.contains(&file) {
            self.drivers.push(file);
        }
        self
    }

    /// Adds a channel of a driver that only the tests have.
    #[must_use]
    pub fn guest(self, channel: &str, name: &str) -> Self {
        self.driver(files::guest(name)).text(&format!("[[channel]]\nid = \"{channel}\"\ndriver = \"{name}\"\n"))
    }

    /// Adds a channel that takes JSON from this machine without a signature; `settings` are lines of its settings.
    #[must_use]
    pub fn webhook(self, channel: &str, settings: &str) -> Self {
        self.driver(files::driver("webhook")).text(&format!(
            "[[channel]]\nid = \"{channel}\"\ndriver = \"webhook\"\n[channel.settings]\nsignature = \"none\"\n{settings}\n"
        ))
    }

    /// Adds such a channel, whose replies go to `reply_url`.
    #[must_use]
    pub fn webhook_with_replies(self, channel: &str, reply_url: &str) -> Self {
        let origin = reply_url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        self.webhook(channel, &format!("reply-url = \"{reply_url}\"\n[channel.grants]\nhttp = [\"{origin}\"]"))
    }

    /// Sets a variable of the server's environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn config(&self) -> String {
        let operators =
            [("ops", "operator", OPERATOR), ("sue", "supervisor", SUPERVISOR), ("rob", "read-only", READER)];
        let operators: String = operators
            .iter()
            .map(|(name, role, token)| {
                format!("[[operator]]\nname = \"{name}\"\nrole = \"{role}\"\ntoken = \"{token}\"\n")
            })
            .collect();
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ndata = \"data\"\ndrivers = \"drivers\"\n{}\n{operators}\n{}",
            self.server, self.text
        )
    }
}
