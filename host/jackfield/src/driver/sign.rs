//! `driver sign` and `driver verify`.

use crate::driver::check::Scratch;
use crate::exit::{Exit, failed, wrong};
use crate::out;
use crate::sandbox;
use anyhow::{Context, anyhow};
use jackfield_config::ServerLimits;
use jackfield_sandbox::{Sandbox, SandboxConfig};
use jackfield_signing::{PublicKey, Signature, Signed, SigningKey, Standing, Trust, append, split};
use jackfield_spec::Digest;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Which key signs.
pub enum Key {
    /// The one in this file.
    Old(PathBuf),
    /// One that is made, and kept in this file.
    New(PathBuf),
}

impl Key {
    /// Of the two options one is given.
    pub fn of(old: Option<PathBuf>, new: Option<PathBuf>) -> Result<Self, Exit> {
        match (old, new) {
            (Some(file), None) => Ok(Self::Old(file)),
            (None, Some(file)) => Ok(Self::New(file)),
            _ => Err(wrong(anyhow!("give either --key FILE or --new-key FILE"))),
        }
    }

    fn get(&self) -> anyhow::Result<SigningKey> {
        match self {
            Self::Old(file) => {
                let text =
                    std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
                SigningKey::parse(&text).with_context(|| format!("{}", file.display()))
            }
            Self::New(file) => {
                let key = SigningKey::generate()?;
                keep(file, &key).with_context(|| format!("{} can't be made", file.display()))?;
                Ok(key)
            }
        }
    }
}

/// Only its owner may read a private key; one that is there already is never overwritten.
fn keep(file: &Path, key: &SigningKey) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(file)?;
    writeln!(file, "{}", key.expose())?;
    file.sync_all()
}

/// The driver's own name and version: what is signed with the component.
async fn named(signed: &Signed<'_>, file: &Path) -> anyhow::Result<(String, String)> {
    let cache = Scratch::new()?;
    let sandbox =
        Sandbox::start(SandboxConfig { instances: 8, ..sandbox::config(&cache.0, &ServerLimits::default()) })?;
    let loaded = sandbox.load(signed.component).await;
    let driver = loaded.with_context(|| format!("{} is refused", file.display()))?;
    Ok((driver.descriptor().name.clone(), driver.descriptor().version.clone()))
}

/// Adds a signature to a component.
pub async fn sign(file: &Path, key: Key, output: Option<&Path>, json: bool) -> Result<(), Exit> {
    let bytes = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let signed = split(&bytes).with_context(|| format!("{}", file.display()))?;
    let (name, version) = named(&signed, file).await?;
    let key = key.get()?;
    let digest = Digest::of(signed.component);
    let public = key.public();
    if signed.signatures.iter().any(|signature| signature.key == public) {
        return Err(failed(anyhow!("{} is signed by {public} already", file.display())));
    }
    let output = output.unwrap_or(file);
    let content = append(&bytes, &Signature::make(&key, &digest, &name, &version));
    write_whole(output, &content).with_context(|| format!("{} can't be written", output.display()))?;
    if json {
        return out::json(&json!({ "name": name, "version": version, "digest": digest, "key": public.to_string() }));
    }
    out::line(&format!("{name}@{version} {digest}"))?;
    out::line(&format!("signed by {public}"))
}

/// Whoever reads the file meanwhile, a server that watches it for one, sees the old one or the new one.
fn write_whole(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("signing");
    std::fs::write(&temporary, content)?;
    std::fs::rename(&temporary, path)
}

/// Says what a component's signatures are worth; exit 1 if no trusted key signed it.
pub async fn verify(file: &Path, keys: &[String], config: Option<&Path>, json: bool) -> Result<(), Exit> {
    let bytes = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let signed = split(&bytes).with_context(|| format!("{}", file.display()))?;
    let trust = match config {
        Some(config) => jackfield_config::load(config).map_err(|error| wrong(error.into()))?.config.server.trust,
        None => trust(keys)?,
    };
    let (name, version) = named(&signed, file).await?;
    let digest = Digest::of(signed.component);
    let standing = trust.standing(&signed, &digest, &name, &version);
    let signers: Vec<_> = signed.signatures.iter().map(|signature| signature.key.to_string()).collect();
    if json {
        out::json(&json!({
            "name": name, "version": version, "digest": digest, "signedBy": signers,
            "trusted": standing.signer().is_some(), "signer": standing.signer(), "detail": standing.to_string(),
        }))?;
    } else {
        out::line(&format!("{name}@{version} {digest}"))?;
    }
    match standing {
        Standing::Trusted { .. } if json => Ok(()),
        Standing::Trusted { signer } => out::line(&format!("signed by {signer}")),
        other => Err(failed(anyhow!("{}: {other}", file.display()))),
    }
}

fn trust(keys: &[String]) -> Result<Trust, Exit> {
    let mut trust = Trust::default();
    for key in keys {
        let public = PublicKey::parse(key).map_err(|error| wrong(anyhow!("--key {key}: {error}")))?;
        trust.keys.insert(public, key.clone());
    }
    Ok(trust)
}
