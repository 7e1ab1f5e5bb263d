//! Drivers by name: which component is to serve, where it comes from, and which were before it.
//!
//! A name's component comes from the watched folder (`NAME.wasm`, `NAME@VERSION.wasm`), or was put by an operator. What
//! served is kept beside the journal, the last few of each name, so that it can be rolled back to and a deleted file
//! unloads nothing. [`Slot`] decides which of them it is; this module reads, checks and loads it.

mod error;
mod folder;
mod kept;
mod slot;

pub use error::DriverError;
pub(crate) use slot::{Pick, Served as SlotEntry, Slot};

use arc_swap::ArcSwap;
use folder::Folder;
use jackfield_config::{DriverRef, Server, Signing};
use jackfield_sandbox::{Driver, Sandbox};
use jackfield_signing::{Standing, Trust};
use jackfield_spec::Digest;
use kept::Kept;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A loaded component, the file that it came in, and whose signature it carries.
#[derive(Clone)]
pub(crate) struct Component {
    pub(crate) driver: Driver,
    pub(crate) signer: Option<String>,
    /// With its signatures.
    pub(crate) file: Arc<[u8]>,
}

impl Component {
    pub(crate) fn digest(&self) -> Digest {
        self.driver.digest()
    }
}

/// A component that is to serve, and how it was found.
pub(crate) struct Found {
    pub(crate) component: Component,
    /// `folder`, or `kept`: it was put, rolled back to, or its file is gone.
    pub(crate) source: &'static str,
    /// What an operator should know of it.
    pub(crate) note: Option<String>,
}

struct Rules {
    signing: Signing,
    trust: Trust,
}

/// All drivers of a server.
pub struct Registry {
    sandbox: Sandbox,
    folder: Folder,
    kept: Option<Kept>,
    rules: ArcSwap<Rules>,
    slots: Mutex<BTreeMap<String, Slot>>,
    loaded: Mutex<BTreeMap<Digest, Driver>>,
}

impl Registry {
    /// Drivers of the config's folder, by its rules; nothing is kept.
    pub fn new(sandbox: Sandbox, server: &Server) -> Self {
        Self {
            sandbox,
            folder: Folder::new(&server.drivers),
            kept: None,
            rules: ArcSwap::from_pointee(rules(server)),
            slots: Mutex::default(),
            loaded: Mutex::default(),
        }
    }

    /// Keeps components that serve in this folder, so that they can be rolled back to.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn keeping(self, folder: impl Into<PathBuf>) -> std::io::Result<Self> {
        Ok(Self { kept: Some(Kept::open(folder.into())?), ..self })
    }

    /// Takes the rules of another config.
    pub(crate) fn obey(&self, server: &Server) {
        self.rules.store(Arc::new(rules(server)));
    }

    /// What the folder looks like: names, sizes and times of its files. Two equal looks in a row: nobody is writing.
    pub(crate) fn look(&self) -> folder::Look {
        self.folder.look()
    }

    /// Takes what was kept of each name in earlier runs.
    pub(crate) fn recall(&self, slots: BTreeMap<String, Slot>) {
        *self.slots.lock() = slots;
    }

    /// What is known of a name, as channels ask for it.
    pub(crate) fn slot(&self, wanted: &DriverRef) -> Slot {
        self.slots.lock().get(&wanted.to_string()).cloned().unwrap_or_default()
    }

    /// All names of which something is known.
    pub(crate) fn slots(&self) -> BTreeMap<String, Slot> {
        self.slots.lock().clone()
    }

    /// Replaces what is known of a name; none: it is forgotten. Files that no name has any more are let go.
    pub(crate) fn set_slot(&self, name: &str, slot: Option<Slot>) {
        let mut slots = self.slots.lock();
        match slot {
            Some(slot) => drop(slots.insert(name.to_owned(), slot)),
            None => drop(slots.remove(name)),
        }
        if let Some(kept) = &self.kept {
            kept.retain(&slots.values().flat_map(Slot::components).collect());
        }
    }

    /// Keeps a component's file, durably.
    pub(crate) async fn keep_file(&self, component: &Component) -> std::io::Result<()> {
        let Some(kept) = self.kept.clone() else { return Ok(()) };
        let (digest, file) = (component.digest(), component.file.clone());
        let written = tokio::task::spawn_blocking(move || kept.put(&digest, &file)).await;
        written.map_err(std::io::Error::other)?
    }

    /// A driver that is loaded.
    pub(crate) fn loaded(&self, digest: &Digest) -> Option<Driver> {
        self.loaded.lock().get(digest).cloned()
    }

    /// Lets go of drivers that serve nothing any more.
    pub(crate) fn keep(&self, used: &BTreeSet<Digest>) {
        self.loaded.lock().retain(|digest, _| used.contains(digest));
    }

    /// The digest of the folder's file for a name, if there is one that can be read.
    pub(crate) async fn file_digest(&self, wanted: &DriverRef) -> Option<Digest> {
        let path = self.folder.find(wanted).ok()?;
        let bytes = tokio::fs::read(path).await.ok()?;
        jackfield_signing::split(&bytes).ok().map(|signed| Digest::of(signed.component))
    }

    /// The component that is to serve under a name, loaded.
    ///
    /// # Errors
    /// [`DriverError`], each with what to do.
    pub(crate) async fn find(&self, wanted: &DriverRef) -> Result<Found, DriverError> {
        self.find_by(wanted, &self.slot(wanted)).await
    }

    /// The same, if this were known of the name.
    ///
    /// # Errors
    /// As [`Registry::find`].
    pub(crate) async fn find_by(&self, wanted: &DriverRef, slot: &Slot) -> Result<Found, DriverError> {
        let path = self.folder.find(wanted);
        let file = match &path {
            Ok(path) => {
                let bytes = tokio::fs::read(path).await;
                Some(bytes.map_err(|source| DriverError::Unreadable { path: path.display().to_string(), source })?)
            }
            Err(_) => None,
        };
        let signed = file.as_deref().map(jackfield_signing::split);
        let digest = match &signed {
            Some(Ok(signed)) => Some(Digest::of(signed.component)),
            // What can't even be taken apart is no known component: its load says what is wrong.
            Some(Err(_)) | None => None,
        };
        match (slot.pick(file.is_some(), digest), path, file) {
            (Pick::File, Ok(path), Some(file)) => {
                let component = self.load(file.into(), &path.display().to_string()).await?;
                folder::check_name(&path, wanted, &component.driver)?;
                Ok(Found { component, source: "folder", note: None })
            }
            (Pick::Kept { digest, why }, ..) => {
                let component = self.load_kept(&digest).await?;
                Ok(Found { component, source: "kept", note: why.map(|why| format!("{wanted}: {why}")) })
            }
            (_, Err(missing), _) => Err(missing),
            _ => Err(DriverError::RolledBack { wanted: wanted.to_string() }),
        }
    }

    /// A component that served before.
    ///
    /// # Errors
    /// It isn't kept any more, or is refused by now.
    pub(crate) async fn load_kept(&self, digest: &Digest) -> Result<Component, DriverError> {
        let kept = self.kept.clone().ok_or_else(|| DriverError::NotKept { digest: digest.to_string() })?;
        let (of, path) = (*digest, kept.path(digest).display().to_string());
        let read = tokio::task::spawn_blocking(move || kept.get(&of)).await.map_err(std::io::Error::other);
        let file =
            read.and_then(|read| read).map_err(|source| DriverError::Unreadable { path: path.clone(), source })?;
        let component = self.load(file.into(), &path).await?;
        if component.digest() != *digest {
            return Err(DriverError::Changed { path });
        }
        Ok(component)
    }

    /// Takes a file through the first steps of a driver's life, up to the answer who it is.
    ///
    /// # Errors
    /// [`DriverError`]
    pub(crate) async fn load(&self, file: Arc<[u8]>, origin: &str) -> Result<Component, DriverError> {
        let rules = self.rules.load_full();
        let unsigned = |why: String| DriverError::Signature { path: origin.to_owned(), why };
        let signed = jackfield_signing::split(&file).map_err(|error| unsigned(error.to_string()))?;
        let digest = Digest::of(signed.component);
        if rules.trust.revoked_drivers.contains(&digest) {
            return Err(unsigned(Standing::RevokedDriver.to_string()));
        }
        let required = rules.signing == Signing::Required;
        let vouched = |signature: &jackfield_signing::Signature| {
            rules.trust.keys.contains_key(&signature.key) && signature.is_right(&digest)
        };
        // Nothing of a component that nobody vouches for is compiled.
        if required && !signed.signatures.iter().any(vouched) {
            let standing = match signed.signatures.first() {
                None => Standing::Unsigned,
                Some(signature) if !signature.is_right(&digest) => Standing::Wrong,
                Some(signature) => Standing::Unknown { key: signature.key },
            };
            return Err(unsigned(standing.to_string()));
        }
        let known = self.loaded.lock().get(&digest).cloned();
        let is_new = known.is_none();
        let driver = match known {
            Some(driver) => driver,
            None => {
                let loaded = self.sandbox.load(signed.component).await;
                loaded.map_err(|source| DriverError::Refused { path: origin.to_owned(), source })?
            }
        };
        let descriptor = driver.descriptor();
        let standing = rules.trust.standing(&signed, &digest, &descriptor.name, &descriptor.version);
        if standing.is_forbidden() || (required && standing.signer().is_none()) {
            return Err(unsigned(standing.to_string()));
        }
        if is_new && rules.signing == Signing::Warn && standing.signer().is_none() {
            tracing::warn!(driver = driver.name_and_version(), %digest, "{origin}: {standing}");
        }
        self.loaded.lock().insert(digest, driver.clone());
        let signer = standing.signer().map(str::to_owned);
        Ok(Component { driver, signer, file })
    }

    /// The drivers folder, for what people are told.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn rules(server: &Server) -> Rules {
    Rules { signing: server.signing, trust: server.trust.clone() }
}
