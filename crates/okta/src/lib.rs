//! A careful client for Okta's management API: authentication, paging, rate budget, errors by whose fault.
