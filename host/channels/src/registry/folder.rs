//! The drivers folder: `NAME.wasm` or `NAME@VERSION.wasm`.

use super::DriverError;
use jackfield_config::DriverRef;
use jackfield_sandbox::Driver;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files with their sizes and times, by name.
pub(crate) type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// A folder of drivers.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn look(&self) -> Look {
        let mut files: Vec<_> = self
            .files()
            .filter_map(|path| {
                let metadata = std::fs::metadata(&path).ok()?;
                Some((path, metadata.len(), metadata.modified().ok()))
            })
            .collect();
        files.sort();
        files
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten();
        entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
    }

    /// The file for a driver: the exact version's, else the plain name's, else the only other version there is.
    pub(super) fn find(&self, wanted: &DriverRef) -> Result<PathBuf, DriverError> {
        let plain = self.0.join(format!("{}.wasm", wanted.name));
        if let Some(version) = &wanted.version {
            let exact = self.0.join(format!("{}@{version}.wasm", wanted.name));
            if exact.is_file() {
                return Ok(exact);
            }
        }
        if plain.is_file() {
            return Ok(plain);
        }
        let versions = self.versions_of(&wanted.name);
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
            folder: self.0.display().to_string(),
            name: wanted.name.clone(),
            found,
        })
    }

    /// `NAME@*.wasm`, by name.
    fn versions_of(&self, name: &str) -> Vec<PathBuf> {
        let of_name = |path: &PathBuf| {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            stem.strip_prefix(name).is_some_and(|rest| rest.starts_with('@'))
        };
        let mut found: Vec<PathBuf> = self.files().filter(of_name).collect();
        found.sort();
        found
    }
}

/// Whether a file's name agrees with what the component says of itself, and that with what is wanted.
pub(super) fn check_name(path: &Path, wanted: &DriverRef, driver: &Driver) -> Result<(), DriverError> {
    let descriptor = driver.descriptor();
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let agrees = stem == descriptor.name || stem == driver.name_and_version();
    let version_fits = wanted.version.as_ref().is_none_or(|version| *version == descriptor.version);
    if agrees && version_fits {
        return Ok(());
    }
    Err(DriverError::Misnamed { path: path.display().to_string(), found: driver.name_and_version() })
}
