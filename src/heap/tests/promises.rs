//! What is promised of single calls.
