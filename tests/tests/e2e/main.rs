//! Jackfield as its users meet it: the real binary, real sockets, real peers.
//!
//! `claims` goes first: a test for each claim of the design. The others go into the depth of one matter each.

mod agents;
mod attachments;
mod backup;
mod check;
mod claims;
mod cli;
mod crowd;
mod demo;
mod disk;
mod duplicates;
mod email;
mod erasure;
mod fuzz;
mod golden;
mod http;
mod kills;
mod languages;
mod lifecycle;
mod lines;
mod meta;
mod outside;
mod quarantine;
mod queueing;
mod records;
mod replies;
mod routes;
mod routing;
mod running;
mod sandbox;
mod signing;
mod slack;
mod swap;
mod telegram;
mod twilio;
mod walls;
mod webhooks;
mod wire;
mod zoo;
