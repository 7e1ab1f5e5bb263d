//! Interfaces that are specified and linked, but not served by this server yet: they answer `not-supported`.

use crate::bindings::jackfield::channel::datagrams;
use crate::bindings::jackfield::channel::message::Error;
use crate::call::{State, refuse};

impl datagrams::Host for State {
    fn send(&mut self, _: Option<String>, _: String, _: Vec<u8>) -> Result<(), Error> {
        let text = "`datagrams` is not served by this server yet; see docs/specification.md for what is";
        Err(refuse("not-supported", text))
    }
}
