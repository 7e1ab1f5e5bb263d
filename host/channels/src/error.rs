//! Why a webhook request was not answered by its driver.

/// What stands in the way of a request. The caller is told the least; the channel's log has the whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// No channel of this id.
    #[error("there is no such channel")]
    UnknownChannel,
    /// The channel is paused by an operator.
    #[error("the channel is paused; try again later")]
    Paused,
    /// The channel's driver could not be loaded.
    #[error("the channel is not being served; its operator finds the reason in the channel's log")]
    NotServed,
    /// The driver crashes again and again; a new instance has to wait.
    #[error("the channel's driver is being restarted; try again in a moment")]
    Restarting,
    /// The driver takes no webhooks.
    #[error("this channel takes no webhooks")]
    NoWebhook,
    /// Too many requests wait.
    #[error("too many requests of this channel wait; try again in a moment")]
    Busy,
    /// The bodies of requests that are being read or wait have too many bytes.
    #[error(
        "the bodies of this channel's requests have too many bytes together (limits.bodies); try again in a moment"
    )]
    Full,
    /// The journal can't be written.
    #[error("the request could not be made durable; try again later")]
    Unavailable,
    /// State kept changing while the driver ran.
    #[error("the request met others that changed the same state; try again")]
    Conflict,
    /// The driver trapped, or answered nonsense.
    #[error("the channel's driver failed")]
    DriverFailed,
    /// The driver took too long.
    #[error("the channel's driver did not answer in time")]
    DriverTimeout,
}

impl ReceiveError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownChannel | Self::NoWebhook => 404,
            Self::Paused
            | Self::NotServed
            | Self::Restarting
            | Self::Unavailable
            | Self::Conflict
            | Self::Busy
            | Self::Full => 503,
            Self::DriverFailed => 502,
            Self::DriverTimeout => 504,
        }
    }

    /// Seconds for `Retry-After`.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Paused | Self::NotServed => Some(30),
            Self::Unavailable | Self::Restarting => Some(5),
            Self::Busy | Self::Full | Self::Conflict => Some(1),
            _ => None,
        }
    }
}
