//! An agent's answer, given to the operator's mail server.

pub mod compose;
mod deliver;
pub mod header;
mod relay;
mod reply;

pub use deliver::deliver;
pub use reply::Reply;
