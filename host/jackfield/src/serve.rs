//! `serve`: puts the server together, runs it, and ends it in order.

use crate::cli::Serve;
use crate::demo::Tokens;
use crate::exit::{Exit, wrong};
use crate::logging;
use crate::sandbox;
use anyhow::Context;
use jackfield_channels::{Channels, Registry};
use jackfield_config::{Loaded, Problem};
use jackfield_gateway::Gateway;
use jackfield_journal::ChannelLog;
use jackfield_sandbox::Sandbox;
use jackfield_sequencer::{Keep, Outputs, Sequencer, Settings, running_clock, system_clock};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// How long requests and deliveries have to end in, from the signal on; then the journal has `CLOSE`: 15 s in all.
const DELIVERIES: Duration = Duration::from_secs(12);
/// How long the journal has to be closed in.
const CLOSE: Duration = Duration::from_secs(2);
/// A file would grow beyond what the process may write.
const SIGXFSZ: i32 = 25;
/// The demo's data folder, where `--data` names none.
const DEMO_DATA: &str = "data";

/// The config, from a file or the embedded default.
struct Source {
    options: Serve,
    demo: Option<Tokens>,
}

impl Source {
    fn new(options: Serve) -> anyhow::Result<Self> {
        let demo = match options.config {
            Some(_) => None,
            None => Some(Tokens::of(options.data.as_deref().unwrap_or(Path::new(DEMO_DATA)))?),
        };
        Ok(Self { options, demo })
    }

    /// Reads the config and lays the command line's options over it. Its warnings are for the log.
    fn config(&self) -> anyhow::Result<Loaded> {
        let Loaded { mut config, warnings } = match (&self.options.config, &self.demo) {
            (Some(file), _) => jackfield_config::load(file)?,
            (None, Some(tokens)) => Loaded { config: tokens.config()?, warnings: Vec::new() },
            (None, None) => anyhow::bail!("there is neither a config nor a demo"),
        };
        if let Some(data) = &self.options.data {
            config.server.data = data.clone();
        }
        if let Some(listen) = &self.options.listen {
            config.server.listen =
                jackfield_config::parse_listen(listen).map_err(|why| anyhow::anyhow!("--listen {listen}: {why}"))?;
        }
        Ok(Loaded { config, warnings })
    }
}

/// The parts that a reload reaches.
struct Running {
    source: Source,
    channels: Channels,
    gateway: Gateway,
    sequencer: Sequencer,
}

/// Runs the server until SIGTERM or SIGINT.
pub async fn run(options: Serve) -> Result<(), Exit> {
    let format = options.log_format;
    let source = Source::new(options)?;
    // What is wrong with the config is told before there is a log.
    let Loaded { config, warnings } = source.config().map_err(wrong)?;
    logging::start(config.server.log, format.unwrap_or(config.server.log_format));
    warn(&warnings);
    let mut stop = Stop::new()?;
    let mut reload = signal(SignalKind::hangup()).context("SIGHUP can't be heard")?;

    let config = Arc::new(config);
    let data = &config.server.data;
    let listener = TcpListener::bind(config.server.listen).await.with_context(|| {
        format!(
            "{} can't be listened on; choose another address with --listen or [server] listen",
            config.server.listen
        )
    })?;
    let address = listener.local_addr().context("the listener has no address")?;
    let public_url = config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));

    let (notices, announcements) = mpsc::unbounded_channel();
    let (effects, carried_out) = mpsc::unbounded_channel();
    let outputs = Outputs { notices, effects };
    let (sequencer, started) =
        jackfield_sequencer::start(data, Settings { clock: system_clock(), running: running_clock(), outputs })?;
    sequencer.make_snapshots_by(Arc::new(snapshot_maker(data)?));
    tracing::info!(head = started.head, replayed = started.replayed, "the journal is open");

    let sandbox = Sandbox::start(sandbox::config(&compiled(data), &config.server.limits))?;
    let channels = Channels::new(jackfield_channels::Parts {
        config: config.clone(),
        public_url: public_url.clone(),
        registry: Registry::new(sandbox, &config.server)
            .keeping(data.join("drivers"))
            .context("the folder for drivers that serve can't be made")?,
        sequencer: sequencer.clone(),
        log: ChannelLog::open(data)?,
        records: data.join("records"),
    })
    .context("the channels' log has no thread")?;
    channels.load().await?;
    let gateway = Gateway::start(jackfield_gateway::Parts {
        config: config.clone(),
        public_url,
        channels: channels.clone(),
        sequencer: sequencer.clone(),
        announcements,
    })
    .await?;
    sequencer.begin(channels.router_config()).await?;
    channels.tell_hours().await?;
    tokio::spawn(channels.clone().run(carried_out));
    let watching = tokio::spawn(channels.clone().watch());
    let keep = Keep { retention: config.server.retention, ids: config.server.dedupe_window };
    let (house, log) = (sequencer.clone(), channels.log().clone());
    let housekeeping = tokio::spawn(async move { house.keep_house(log, keep).await });
    let calendars = tokio::spawn(channels.clone().keep_hours());
    let positions = tokio::spawn(channels.clone().tell_positions());

    println!("listening on http://{address}");
    if let Some(tokens) = &source.demo {
        tokens.explain(address);
    }
    let running =
        Running { source, channels: channels.clone(), gateway: gateway.clone(), sequencer: sequencer.clone() };
    let reloads = tokio::spawn(async move {
        while reload.recv().await.is_some() {
            running.reload().await;
        }
    });
    let mut told = tokio::time::Instant::now();
    let stopping = async {
        stop.wait().await;
        told = tokio::time::Instant::now();
    };
    jackfield_gateway::serve(gateway, listener, stopping).await;
    reloads.abort();
    watching.abort();
    housekeeping.abort();
    calendars.abort();
    positions.abort();
    if tokio::time::timeout_at(told + DELIVERIES, channels.drain()).await.is_err() {
        tracing::warn!("some messages are still with their drivers; they are shown as unknown after the next start");
    }
    if tokio::time::timeout(CLOSE, sequencer.stop()).await.is_err() {
        tracing::warn!("the journal is still busy; the next start replays what has no snapshot yet");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Lets another process make a snapshot: the memory that a second state takes is gone with it.
fn snapshot_maker(data: &Path) -> anyhow::Result<impl Fn() -> Result<(), String> + Send + Sync + use<>> {
    let program = std::env::current_exe().context("the server doesn't know where its own program is")?;
    let data = data.to_owned();
    Ok(move || {
        let mut command = std::process::Command::new(&program);
        command.args(["journal", "snapshot", "--data"]).arg(&data);
        let output =
            command.stdin(Stdio::null()).output().map_err(|error| format!("{}: {error}", program.display()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
    })
}

fn warn(warnings: &[Problem]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

fn compiled(data: &Path) -> PathBuf {
    data.join("compiled")
}

impl Running {
    /// Reads the config anew. One that is wrong changes nothing.
    async fn reload(&self) {
        let config = match self.source.config() {
            Ok(Loaded { config, warnings }) => {
                warn(&warnings);
                Arc::new(config)
            }
            Err(error) => return tracing::error!("the config is wrong, the one before stays in force: {error:#}"),
        };
        self.channels.reload(config.clone()).await;
        self.gateway.reload(&config);
        match self.sequencer.configure(self.channels.router_config()).await {
            Ok(()) => tracing::info!("the config was read anew"),
            Err(error) => tracing::error!("the router has not got the new config: {error}"),
        }
    }
}

/// SIGTERM and SIGINT.
struct Stop {
    /// A limit on the size of files is then an error like a full disk, and not the end of the process.
    _too_large: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate()).context("SIGTERM can't be heard")?;
        let interrupt = signal(SignalKind::interrupt()).context("SIGINT can't be heard")?;
        let too_large = signal(SignalKind::from_raw(SIGXFSZ)).context("SIGXFSZ can't be heard")?;
        Ok(Self { _too_large: too_large, terminate, interrupt })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping");
    }
}
