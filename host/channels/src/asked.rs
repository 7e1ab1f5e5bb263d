//! Limits that a driver's descriptor asks for (`wanted-limit`). The operator's config wins; what is unknown or written
//! wrongly is passed over, since a driver that is newer than this server may ask for what there isn't here.

use jackfield_config::{ByteSize, parse_duration};
use jackfield_sandbox::Descriptor;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The longest delivery or timer call that a driver may ask for; an operator may allow as much.
const LONGEST_CALL: Duration = Duration::from_secs(15 * 60);
/// The most guest time of a call that takes something in that a driver may ask for.
const LONGEST_RECEIVE: Duration = Duration::from_secs(15);
/// The longest that a driver may ask for to have a delivery tried again; an operator may allow as much.
const LONGEST_RETRY: Duration = Duration::from_secs(14 * 24 * 3600);
/// The most memory of an instance that a driver may ask for; an operator may allow as much.
const MOST_MEMORY: ByteSize = ByteSize::mib(256);
/// The largest body of a webhook that a driver may ask for; more memory is the operator's to give.
const LARGEST_BODY: ByteSize = ByteSize::mib(16);
/// The largest body of a webhook where neither config nor driver say more: no text message is nearly as long.
const USUAL_BODY: ByteSize = ByteSize::mib(1);

fn value<'a>(descriptor: &'a Descriptor, name: &str) -> Option<&'a str> {
    descriptor.limits.iter().find(|limit| limit.name == name).map(|limit| limit.value.as_str())
}

/// How long a call of the lane `name` (`deliver`, `timer`) may take.
pub(crate) fn call(descriptor: &Descriptor, name: &str) -> Option<Duration> {
    Some(parse_duration(value(descriptor, name)?).ok()?.min(LONGEST_CALL))
}

/// `receive`: the guest time of a call that takes something in.
pub(crate) fn receive(descriptor: &Descriptor) -> Option<Duration> {
    Some(parse_duration(value(descriptor, "receive")?).ok()?.min(LONGEST_RECEIVE))
}

/// `memory`: of an instance.
pub(crate) fn memory(descriptor: &Descriptor) -> Option<ByteSize> {
    Some(value(descriptor, "memory")?.parse::<ByteSize>().ok()?.min(MOST_MEMORY))
}

/// `retry-for`: how long a delivery that fails for a time is tried again: the config's, else what the driver asks for.
pub(crate) fn retry_for(configured: Option<Duration>, descriptor: &Descriptor) -> Option<Duration> {
    let asked = || Some(parse_duration(value(descriptor, "retry-for")?).ok()?.min(LONGEST_RETRY));
    configured.or_else(asked)
}

/// Most bytes of a webhook's body: the config's, else what the driver asks for, but never less than is usual.
pub(crate) fn body(configured: Option<ByteSize>, descriptor: Option<&Descriptor>) -> ByteSize {
    configured.unwrap_or_else(|| {
        let asked = descriptor.and_then(|descriptor| value(descriptor, "body")?.parse().ok());
        asked.unwrap_or(USUAL_BODY).clamp(USUAL_BODY, LARGEST_BODY)
    })
}
