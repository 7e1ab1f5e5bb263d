//! The sandbox as a whole, with drivers written for it in WebAssembly text: what no compiler of a language would make.

pub(crate) mod drivers;
pub(crate) mod limits;
mod next;
pub(crate) mod nobody;
mod out;
pub(crate) mod vendor;
pub(crate) mod zoo;
