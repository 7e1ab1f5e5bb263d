//! Interfaces that are specified and linked, but not served by this server yet: they answer `not-supported`.

use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::bindings::jackfield::channel::{connections, datagrams};
use crate::call::{State, refuse};

fn unserved(interface: &str) -> Error {
    refuse(
        "not-supported",
        format!("`{interface}` is not served by this server yet; see docs/specification.md for what is"),
    )
}

impl connections::Host for State {
    fn write(&mut self, _: String, _: Vec<u8>) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn write_template(&mut self, _: String, _: Vec<Piece>) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn send(&mut self, _: String, _: connections::Frame) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn start_tls(&mut self, _: String, _: Option<String>) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn close(&mut self, _: String, _: Option<u16>, _: String) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn last_words(&mut self, _: String, _: Vec<u8>) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn bind(&mut self, _: String, _: String) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn unbind(&mut self, _: String, _: String) -> Result<(), Error> {
        Err(unserved("connections"))
    }

    fn find(&mut self, _: String) -> Result<Vec<String>, Error> {
        Err(unserved("connections"))
    }

    fn open(&mut self, _: connections::Target) -> Result<String, Error> {
        Err(unserved("connections"))
    }
}

impl datagrams::Host for State {
    fn send(&mut self, _: Option<String>, _: String, _: Vec<u8>) -> Result<(), Error> {
        Err(unserved("datagrams"))
    }
}
