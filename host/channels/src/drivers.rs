//! The drivers folder: `NAME.wasm` or `NAME@VERSION.wasm`.

use jackfield_config::DriverRef;
use jackfield_sandbox::{Driver, LoadError, Sandbox};
use jackfield_spec::Digest;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Why a channel has no driver.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// No file fits.
    #[error("there is no driver `{wanted}` in {folder}; put {name}.wasm there{found}")]
    Missing {
        /// As the channel asks for it.
        wanted: String,
        /// The drivers folder.
        folder: String,
        /// The driver's name.
        name: String,
        /// What is there.
        found: String,
    },
    /// The file can't be read.
    #[error("the driver {path} can't be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What happened.
        source: std::io::Error,
    },
    /// The component is refused.
    #[error("the driver {path} is refused: {source}")]
    Refused {
        /// The file.
        path: String,
        /// Why.
        source: LoadError,
    },
    /// The file says another name or version than the component.
    #[error("the file {path} holds the driver {found}; rename it to {found}.wasm, or to its name alone")]
    Misnamed {
        /// The file.
        path: String,
        /// `name@version` in the descriptor.
        found: String,
    },
}

/// Loads drivers from a folder, each component once.
pub struct DriverFolder {
    sandbox: Sandbox,
    folder: PathBuf,
    loaded: Mutex<BTreeMap<Digest, Driver>>,
}

impl DriverFolder {
    /// Drivers of this folder.
    pub fn new(sandbox: Sandbox, folder: impl Into<PathBuf>) -> Self {
        Self { sandbox, folder: folder.into(), loaded: Mutex::default() }
    }

    /// What the folder looks like: names, sizes and times of its files. Two equal looks in a row: nobody is writing.
    pub fn look(&self) -> Vec<(PathBuf, u64, Option<std::time::SystemTime>)> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let mut files: Vec<_> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "wasm"))
            .filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                Some((entry.path(), metadata.len(), metadata.modified().ok()))
            })
            .collect();
        files.sort();
        files
    }

    /// Lets go of drivers that serve nothing any more.
    pub(crate) fn keep(&self, used: &BTreeSet<Digest>) {
        self.loaded.lock().retain(|digest, _| used.contains(digest));
    }

    /// The drivers in use.
    pub(crate) fn loaded(&self) -> Vec<Driver> {
        self.loaded.lock().values().cloned().collect()
    }

    /// Loads the driver that a channel asks for.
    ///
    /// # Errors
    /// [`DriverError`], each with what to do.
    pub async fn load(&self, wanted: &DriverRef) -> Result<Driver, DriverError> {
        let path = self.find(wanted)?;
        let shown = path.display().to_string();
        let bytes =
            tokio::fs::read(&path).await.map_err(|source| DriverError::Unreadable { path: shown.clone(), source })?;
        let digest = Digest::of(&bytes);
        let known = self.loaded.lock().get(&digest).cloned();
        let driver = match known {
            Some(driver) => driver,
            None => {
                self.sandbox.load(bytes).await.map_err(|source| DriverError::Refused { path: shown.clone(), source })?
            }
        };
        let descriptor = driver.descriptor();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let agrees = stem == descriptor.name || stem == driver.name_and_version();
        let version_fits = wanted.version.as_ref().is_none_or(|version| *version == descriptor.version);
        if !agrees || !version_fits {
            return Err(DriverError::Misnamed { path: shown, found: driver.name_and_version() });
        }
        self.loaded.lock().insert(digest, driver.clone());
        Ok(driver)
    }

    /// The file for a driver: the exact version's, else the plain name's, else the only other version there is.
    fn find(&self, wanted: &DriverRef) -> Result<PathBuf, DriverError> {
        let plain = self.folder.join(format!("{}.wasm", wanted.name));
        if let Some(version) = &wanted.version {
            let exact = self.folder.join(format!("{}@{version}.wasm", wanted.name));
            if exact.is_file() {
                return Ok(exact);
            }
        }
        if plain.is_file() {
            return Ok(plain);
        }
        let versions = versions_of(&self.folder, &wanted.name);
        if wanted.version.is_none()
            && let [only] = versions.as_slice()
        {
            return Ok(only.clone());
        }
        let found = match versions.len() {
            0 => String::new(),
            _ => {
                let names: Vec<_> = versions.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
                format!(", or ask for one of {}", names.join(", "))
            }
        };
        Err(DriverError::Missing {
            wanted: wanted.to_string(),
            folder: self.folder.display().to_string(),
            name: wanted.name.clone(),
            found,
        })
    }
}

/// `NAME@*.wasm` in a folder, by name.
fn versions_of(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .filter(|path| {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            stem.strip_prefix(name).is_some_and(|rest| rest.starts_with('@'))
        })
        .collect();
    found.sort();
    found
}
