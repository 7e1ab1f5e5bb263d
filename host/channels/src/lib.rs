//! Channels: loads their drivers, takes in what they receive, delivers what agents answer.
