//! Where in a message we are, kept on the stack: nothing is written down unless something is wrong.

use super::Invalid;
use std::fmt;

/// A place in the message.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    /// The message.
    Root,
    /// A member of an object.
    Key(&'a At<'a>, &'a str),
    /// An item of a list.
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    pub(super) fn key(&'a self, key: &'a str) -> At<'a> {
        At::Key(self, key)
    }

    pub(super) fn index(&'a self, index: usize) -> At<'a> {
        At::Index(self, index)
    }

    /// As a JSON Pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        match self {
            At::Root => String::new(),
            At::Key(parent, key) => {
                let mut out = parent.pointer();
                out.push('/');
                out.push_str(&key.replace('~', "~0").replace('/', "~1"));
                out
            }
            At::Index(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }

    pub(super) fn refuse(&self, code: &'static str, text: impl fmt::Display) -> Invalid {
        Invalid { code, pointer: self.pointer(), text: text.to_string() }
    }

    /// Something is over a limit.
    pub(super) fn limit(&self, text: impl fmt::Display) -> Invalid {
        self.refuse("limit", text)
    }

    /// Something has the wrong form.
    pub(super) fn invalid(&self, text: impl fmt::Display) -> Invalid {
        self.refuse("invalid", text)
    }
}
