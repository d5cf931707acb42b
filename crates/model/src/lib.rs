//! Okta's resources, ids and times as data: all that client and sandbox share. No behaviour.
