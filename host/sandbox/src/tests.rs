//! The sandbox as a whole, with drivers written for it in WebAssembly text: what no compiler of a language would make.

mod drivers;
mod limits;
mod next;
pub(crate) mod nobody;
pub(crate) mod zoo;
