//! Whom the operator trusts, and what a file's signatures are worth by that.

use crate::key::PublicKey;
use crate::section::Signed;
use jackfield_spec::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Trusted keys by name, and what is trusted no more. Several keys may be trusted at once, so that one can be replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Trusted keys with the names that the operator gave them.
    pub keys: BTreeMap<PublicKey, String>,
    /// Keys whose signatures count for nothing, whatever else is said of them.
    pub revoked_keys: BTreeSet<PublicKey>,
    /// Components that are never loaded, signed or not.
    pub revoked_drivers: BTreeSet<Digest>,
}

/// What a file's signatures are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Signed by a trusted key of this name.
    Trusted {
        /// The operator's name of the key.
        signer: String,
    },
    /// Nobody signed it.
    Unsigned,
    /// Only keys signed it that are not trusted.
    Unknown {
        /// The first of them.
        key: PublicKey,
    },
    /// A key signed it that is revoked, and no trusted one did.
    RevokedKey {
        /// The key.
        key: PublicKey,
    },
    /// The component itself is revoked.
    RevokedDriver,
    /// A signature is of another component, name or version, or was changed.
    Wrong,
}

impl Trust {
    /// Looks at a file's signatures. `name` and `version` are those of the component's own descriptor.
    pub fn standing(&self, signed: &Signed<'_>, digest: &Digest, name: &str, version: &str) -> Standing {
        if self.revoked_drivers.contains(digest) {
            return Standing::RevokedDriver;
        }
        let mut standing = Standing::Unsigned;
        for signature in &signed.signatures {
            if signature.name != name || signature.version != version || !signature.is_right(digest) {
                return Standing::Wrong;
            }
            let key = signature.key;
            if self.revoked_keys.contains(&key) {
                standing = Standing::RevokedKey { key };
            } else if let Some(signer) = self.keys.get(&key) {
                return Standing::Trusted { signer: signer.clone() };
            } else if standing == Standing::Unsigned {
                standing = Standing::Unknown { key };
            }
        }
        standing
    }
}

impl Standing {
    /// Whether the file may never be loaded, whatever the policy: something about it is not what it says.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Wrong | Self::RevokedKey { .. } | Self::RevokedDriver)
    }

    /// The trusted signer's name.
    pub fn signer(&self) -> Option<&str> {
        match self {
            Self::Trusted { signer } => Some(signer),
            _ => None,
        }
    }
}

/// A sentence with what to do.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted { signer } => write!(f, "it is signed by {signer}"),
            Self::Unsigned => f.write_str("it is not signed; sign it with `jackfield driver sign`"),
            Self::Unknown { key } => {
                write!(f, "it is signed by {key}, which is not among the trusted keys; add it to [server] trusted-keys")
            }
            Self::RevokedKey { key } => {
                write!(f, "it is signed by {key}, which is revoked; get it signed with another key")
            }
            Self::RevokedDriver => f.write_str("this component is revoked by [server] revoked-drivers; use another version"),
            Self::Wrong => f.write_str(
                "its signature is of another component, name or version, or was changed; get the file again from who signed it",
            ),
        }
    }
}
