//! End to end tests of Jackfield.
