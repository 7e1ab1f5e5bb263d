//! Tests of the router. `simulation` is the long one: a million random steps with every invariant checked.

mod agents;
mod chat;
mod configs;
mod cut_short;
mod deliveries;
mod format;
mod items;
mod kit;
mod notifications;
mod offers;
mod simulation;
mod statuses;
mod timers;
mod walls;
