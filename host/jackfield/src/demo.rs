//! The embedded default: one channel, one agent, tokens of this data folder's own.

use anyhow::Context;
use jackfield_config::Config;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

/// The demo's tokens.
pub struct Tokens {
    agent: String,
    operator: String,
}

impl Tokens {
    /// Those of the data folder, made at its first start (mode 0600), so that a page stays signed in over restarts.
    pub fn of(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("demo-tokens");
        if let Ok(text) = fs::read_to_string(&path)
            && let Some((agent, operator)) = text.trim().split_once('\n')
        {
            return Ok(Self { agent: agent.to_owned(), operator: operator.to_owned() });
        }
        let tokens = Self { agent: random()?, operator: random()? };
        fs::create_dir_all(data).with_context(|| format!("the data folder {} can't be made", data.display()))?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(&path).with_context(|| format!("{} can't be written", path.display()))?;
        writeln!(file, "{}\n{}", tokens.agent, tokens.operator)?;
        Ok(tokens)
    }

    /// The config of the demo. Its drivers are those that were built beside this program, wherever it is started.
    pub fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::demo(&self.agent, &self.operator)?;
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.join("drivers")));
        if let Some(built) = beside.filter(|folder| folder.is_dir()) {
            config.server.drivers = built;
        }
        Ok(config)
    }

    /// Tells on stderr how to see it work.
    pub fn explain(&self, address: SocketAddr) {
        eprintln!("\nOpen the desktop of the demo agent:\n  http://{address}/#token={}", self.agent);
        eprintln!("\nThen send a request as a customer would:");
        eprintln!(
            "  curl -d '{{\"id\":\"1\",\"from\":\"+15550100\",\"name\":\"Kim\",\"text\":\"Where is my order?\"}}' \\\n    \
             -H 'content-type: application/json' http://{address}/channels/demo"
        );
        eprintln!("\nLook around as the operator:");
        eprintln!(
            "  JACKFIELD_SERVER=http://{address} JACKFIELD_TOKEN={} target/release/jackfield channel list\n",
            self.operator
        );
    }
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness for a token: {error}"))?;
    Ok(hex::encode(bytes))
}
