//! Tests of the router. `simulation` is the long one: a million random steps with every invariant checked.

mod agents;
mod chat;
mod configs;
mod cut_short;
mod deliveries;
mod erlang;
mod explained;
mod format;
mod handing;
mod items;
mod kit;
mod life;
mod notifications;
mod offers;
mod queues;
mod simulation;
mod skills;
mod statuses;
mod timers;
mod walls;
