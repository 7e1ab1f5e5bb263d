//! Tests of the router. `simulation` is the long one: a million random steps with every invariant checked.

mod agents;
mod bench;
mod configs;
mod deliveries;
mod format;
mod items;
mod kit;
mod offers;
mod simulation;
mod timers;
mod walls;
