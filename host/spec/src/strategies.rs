//! Messages for property tests.
