//! Jackfield as its users meet it: the real binary, real sockets, real peers.
//!
//! `claims` goes first: a test for each claim of the design. The others go into the depth of one matter each.

mod claims;
