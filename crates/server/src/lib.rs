//! The service: one folder per capability over a small ground floor.
