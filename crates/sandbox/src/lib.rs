//! An offline Okta org: its own token checks, paging, filters, rules of status, faults and clock.
