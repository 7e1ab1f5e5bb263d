//! `secrets`: a guest uses them by name and never sees their bytes.

mod captured;
mod pieces;
mod sign;
mod transform;

pub(crate) use pieces::Assembled;
pub(crate) use transform::PERCENT;

use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::{Host, Piece};
use crate::call::{State, refuse};
use crate::channel::Channel;
use crate::limits::Limit;
use pieces::PIECES;
use sha2::Digest as _;
use subtle::ConstantTimeEq;
use transform::{Transform, hash, hmac_of};

/// Prefix of the names of composed secrets; no configured secret has it.
const COMPOSED_PREFIX: &str = "composed:";

fn no_secret(channel: &Channel, name: &str) -> Error {
    let id = &channel.config.id;
    let name: String = name.chars().take(64).collect();
    refuse(
        "denied",
        format!(
            "the channel has no secret `{name}`; add `secrets = {{ {name} = \"env:NAME\" }}` to [[channel]] id = \"{id}\""
        ),
    )
}

impl State {
    fn is_one_configured(&self, channel: &Channel, pieces: &[Piece]) -> bool {
        matches!(pieces, [Piece::Secret(name)] if channel.config.secrets.values(name).is_some())
    }

    /// One value of a composed secret.
    async fn transformed(
        &mut self,
        channel: &Channel,
        transform: &Transform,
        rank: usize,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        match transform {
            Transform::Simple(name) => transform::simple(name, bytes),
            Transform::Strip(marker) => {
                let rest = bytes.strip_prefix(marker.as_bytes()).map(<[u8]>::to_vec);
                Ok(rest.unwrap_or(bytes))
            }
            Transform::Hmac { algorithm, key } => hmac_of(algorithm, &self.nth_secret(channel, key, rank)?, &bytes),
            Transform::Pbkdf2 { algorithm, salt, rounds } => {
                let (algorithm, salt, rounds) = (*algorithm, salt.clone(), *rounds);
                // Other guests go on meanwhile; it counts as this one's time.
                let task = tokio::task::spawn_blocking(move || transform::pbkdf2_of(algorithm, &salt, rounds, &bytes));
                task.await.map_err(|_| refuse("unavailable", "the key could not be derived"))
            }
        }
    }
}

impl Host for State {
    fn names(&mut self) -> Vec<String> {
        let Ok(channel) = self.look() else { return Vec::new() };
        let mut names: Vec<_> = channel.config.secrets.names().cloned().collect();
        let captured = self.captured_names(&channel).unwrap_or_default();
        names.extend(captured.into_iter().filter(|name| channel.config.secrets.values(name).is_none()));
        names
    }

    async fn compose(&mut self, pieces: Vec<Piece>, transform: String) -> Result<String, Error> {
        let channel = self.look()?;
        let limits = &channel.config.limits;
        if self.call.composed.len() >= limits.composed {
            channel.usage.hit(Limit::Composed);
            let text = format!("one call may compose {} secrets; raise limits.composed", limits.composed);
            return Err(refuse("quota", text));
        }
        let transform = Transform::parse(&transform)?;
        transform.is_within(limits.derivation_rounds).inspect_err(|_| channel.usage.hit(Limit::DerivationRounds))?;
        let mut ranks = self.ranks(&channel, &pieces)?;
        if let Transform::Hmac { key, .. } = &transform {
            ranks = ranks.max(self.secret_values(&channel, key)?.len());
        }
        let misplaced = matches!(transform, Transform::Strip(_)) && !self.is_one_configured(&channel, &pieces);
        let held: usize = self.call.composed.values().flatten().map(Vec::len).sum();
        let mut values = Vec::with_capacity(ranks);
        for rank in 0..ranks {
            let assembled = self.assemble_nth(&channel, &pieces, rank, PIECES)?;
            if misplaced {
                return Err(refuse("invalid", "`strip-prefix` takes exactly one configured secret"));
            }
            values.push(self.transformed(&channel, &transform, rank, assembled.bytes).await?);
        }
        let most = limits.composed_bytes;
        if held + values.iter().map(Vec::len).sum::<usize>() > most {
            channel.usage.hit(Limit::ComposedBytes);
            let text =
                format!("the secrets composed in one call have at most {most} bytes; raise limits.composed-bytes");
            return Err(refuse("quota", text));
        }
        let name = format!("{COMPOSED_PREFIX}{}", self.call.composed.len() + 1);
        self.call.composed.insert(name.clone(), values);
        Ok(name)
    }

    fn hash(&mut self, algorithm: String, pieces: Vec<Piece>) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        let assembled = self.assemble(&channel, &pieces)?;
        hash(&algorithm, &assembled.bytes)
    }

    fn hmac(&mut self, key: String, algorithm: String, data: Vec<Piece>) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        let key = self.current_secret(&channel, &key)?;
        let data = self.assemble(&channel, &data)?;
        hmac_of(&algorithm, &key, &data.bytes)
    }

    fn verify_hmac(
        &mut self,
        key: String,
        algorithm: String,
        data: Vec<Piece>,
        claimed: Vec<u8>,
    ) -> Result<bool, Error> {
        let channel = self.look()?;
        let keys = self.secret_values(&channel, &key)?;
        let data = self.assemble(&channel, &data)?;
        let mut good = false;
        for key in keys {
            good |= bool::from(hmac_of(&algorithm, &key, &data.bytes)?.ct_eq(&claimed));
        }
        Ok(good)
    }

    fn equals(&mut self, secret: String, claimed: Vec<u8>) -> Result<bool, Error> {
        let channel = self.look()?;
        let mut good = false;
        for value in self.secret_values(&channel, &secret)? {
            // Hashed first: a comparison of unequal lengths would end early.
            good |= bool::from(sha2::Sha256::digest(&value).ct_eq(&sha2::Sha256::digest(&claimed)));
        }
        Ok(good)
    }

    fn sign(&mut self, key: String, algorithm: String, data: Vec<Piece>) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        let pem = self.current_secret(&channel, &key)?;
        let data = self.assemble(&channel, &data)?;
        sign::sign(&algorithm, &pem, &data.bytes)
    }

    fn reveal(&mut self, secret: String) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        if !channel.config.grants.reveal.contains(&secret) {
            let (id, name) = (&channel.config.id, secret.chars().take(64).collect::<String>());
            return Err(refuse(
                "denied",
                format!(
                    "`{name}` may not be revealed; if the driver's protocol leaves no other way, add `grants = {{ reveal = [\"{name}\"] }}` to [[channel]] id = \"{id}\""
                ),
            ));
        }
        self.current_secret(&channel, &secret)
    }

    fn forget(&mut self, secret: String) -> Result<(), Error> {
        let channel = self.act()?;
        if channel.config.secrets.values(&secret).is_some() {
            return Err(refuse("denied", "a configured secret is the operator's; only captured ones can be forgotten"));
        }
        match self.forget_captured(&channel, &secret)? {
            true => Ok(()),
            false => Err(no_secret(&channel, &secret)),
        }
    }
}

#[cfg(test)]
mod tests;
