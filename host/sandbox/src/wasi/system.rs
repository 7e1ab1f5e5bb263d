//! `wasi:cli`, `wasi:clocks` and `wasi:random`: no arguments, no environment, the server's time and randomness, and the
//! channel's log for stdout and stderr.

use super::Ended;
use super::bindings::wasi::cli::{environment, exit, stderr, stdin, stdout};
use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use super::bindings::wasi::random::{insecure, insecure_seed, random};
use super::io::{InputStream, Moment, OutputStream, Pollable};
use crate::call::State;
use crate::channel::Channel;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::component::Resource;

/// Most random bytes of one call.
const RANDOM: u64 = 1 << 20;
/// The longest that somebody waits here; every call ends before.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

impl environment::Host for State {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.counted()?;
        Ok(Vec::new())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        self.counted()?;
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        self.counted()?;
        Ok(None)
    }
}

impl exit::Host for State {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        self.exit_with_code(u8::from(status.is_err()))
    }

    fn exit_with_code(&mut self, status: u8) -> wasmtime::Result<()> {
        Err(Ended::Exited(status).into())
    }
}

impl stdin::Host for State {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<InputStream>> {
        self.counted()?;
        self.wasi.push(InputStream::empty())
    }
}

impl stdout::Host for State {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        self.counted()?;
        self.wasi.push(OutputStream::Log(0))
    }
}

impl stderr::Host for State {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        self.counted()?;
        self.wasi.push(OutputStream::Log(1))
    }
}

/// Nanoseconds since the generation began: an origin of no meaning.
fn nanoseconds(channel: &Channel) -> u64 {
    channel.started.elapsed().as_nanos() as u64
}

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        let channel = self.counted()?;
        self.kept("wasi:clocks.monotonic", &(), |_| Ok(channel.map_or(0, |channel| nanoseconds(&channel))))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        self.counted()?;
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<Pollable>> {
        let now = self.counted()?.map_or(0, |channel| nanoseconds(&channel));
        self.at(when.saturating_sub(now), Moment::At(when))
    }

    fn subscribe_duration(&mut self, wait: u64) -> wasmtime::Result<Resource<Pollable>> {
        self.counted()?;
        self.at(wait, Moment::After(wait))
    }
}

impl State {
    fn at(&mut self, nanoseconds: u64, asked: Moment) -> wasmtime::Result<Resource<Pollable>> {
        let when = Instant::now() + Duration::from_nanos(nanoseconds).min(LONG);
        self.wasi.push(Pollable::At(when, asked))
    }

    /// Bytes that nobody can guess. A probe has nothing to keep secret and no randomness: zeroes.
    fn random(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let channel = self.counted()?;
        if length > RANDOM {
            return Err(Ended::Misused("it wants more than 1 MiB of random bytes at once").into());
        }
        self.kept("wasi:random.bytes", &(length,), |_| {
            let mut bytes = vec![0; length as usize];
            if channel.is_some() && getrandom::fill(&mut bytes).is_err() {
                return Err(Ended::Misused("the machine has no randomness").into());
            }
            Ok(bytes)
        })
    }

    fn random_number(&mut self) -> wasmtime::Result<u64> {
        let bytes = self.random(8)?;
        Ok(bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }
}

impl wall_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.call.now;
        let channel = self.counted()?;
        let millis = self.kept("wasi:clocks.wall", &(), |_| {
            Ok(channel.map_or(0, |channel| now.unwrap_or_else(|| channel.services.now()).millis()))
        })?;
        Ok(wall_clock::Datetime { seconds: millis / 1000, nanoseconds: (millis % 1000) as u32 * 1_000_000 })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        self.counted()?;
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}

impl random::Host for State {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number()
    }
}

impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number()
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.random_number()?, self.random_number()?))
    }
}
