//! The numbers that a message must keep. Each has room for what the media of today send and keeps a
//! record of the journal (512 KiB) and an agent's frame small.

/// Bytes of an id, an address or a conversation key.
pub const ID: usize = 512;
/// Bytes of a name: interaction, statistics, rule, structured part, attribute key.
pub const NAME: usize = 128;
/// Bytes of a media type's name.
pub const MEDIA_TYPE: usize = 64;
/// Bytes of an RFC 6838 type.
pub const CONTENT_TYPE: usize = 127;
/// Bytes of an attribute's value.
pub const ATTRIBUTE: usize = 4 * 1024;
/// Attributes of one record.
pub const ATTRIBUTES: usize = 64;
/// Bytes of a text part.
pub const TEXT: usize = 256 * 1024;
/// Parts of a message.
pub const PARTS: usize = 100;
/// Bytes of the arguments, or of a structured part's values, as JSON.
pub const ARGUMENTS: usize = 64 * 1024;
/// The largest integer that every reader of JSON keeps exactly (RFC 7493): 2^53 - 1.
pub const INTEGER: i64 = (1 << 53) - 1;
/// From here on canonical JSON writes a number with an exponent, and readers do not take it for an integer.
pub const EXPONENT: f64 = 1e21;
/// Depth of the arguments' JSON.
pub const DEPTH: usize = 32;
/// Bytes of a subject, a name for people, a file name, a detail.
pub const LINE: usize = 1024;
/// Bytes of what happened and what to do, for people: texts of errors.
pub const EXPLANATION: usize = 4 * 1024;
/// Highest priority.
pub const PRIORITY: u32 = 1000;
/// Bytes of a BCP 47 tag.
pub const LANGUAGE: usize = 35;
/// Further addresses of a customer.
pub const ALIASES: usize = 16;
/// Bytes of a whole message in canonical JSON.
pub const MESSAGE: usize = 1024 * 1024;
