use super::*;

fn refused(outgoing: &Outgoing, url: &str) -> Option<Error> {
    outgoing.check(&Url::parse(url).unwrap()).err()
}

#[test]
fn addresses_are_judged_by_what_lies_behind() {
    let cases = [
        ("8.8.8.8", Reach::Public),
        ("2606:4700::1111", Reach::Public),
        ("127.0.0.1", Reach::Private),
        ("127.9.9.9", Reach::Private),
        ("10.1.2.3", Reach::Private),
        ("172.16.0.1", Reach::Private),
        ("172.32.0.1", Reach::Public),
        ("192.168.1.1", Reach::Private),
        ("100.64.0.1", Reach::Private),
        ("::1", Reach::Private),
        ("fd00::1", Reach::Private),
        ("::ffff:10.0.0.1", Reach::Private),
        ("64:ff9b::10.0.0.1", Reach::Private),
        ("2002:a00:1::", Reach::Private),
        ("169.254.169.254", Reach::Never),
        ("::ffff:169.254.169.254", Reach::Never),
        ("64:ff9b::a9fe:a9fe", Reach::Never),
        ("fe80::1", Reach::Never),
        ("0.0.0.0", Reach::Never),
        ("::", Reach::Never),
        ("255.255.255.255", Reach::Never),
        ("224.0.0.1", Reach::Never),
        ("ff02::1", Reach::Never),
        ("2001:db8::1", Reach::Never),
    ];
    for (address, want) in cases {
        assert_eq!(Reach::of(address.parse().unwrap()), want, "{address}");
    }
}

#[test]
fn private_addresses_in_any_spelling_are_refused() {
    let outgoing = Outgoing::default();
    for url in [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://10.0.0.1:8443/",
        "https://169.254.169.254/latest/meta-data",
    ] {
        assert!(
            matches!(refused(&outgoing, url), Some(Error::Private { .. })),
            "{url}"
        );
    }
    assert!(refused(&outgoing, "https://hooks.example.com/x").is_none());
    for url in [
        "http://hooks.example.com",
        "ftp://hooks.example.com",
        "file:///etc/passwd",
        "https://a:b@hooks.example.com",
    ] {
        assert!(
            matches!(refused(&outgoing, url), Some(Error::Address(_))),
            "{url}"
        );
    }
}

#[test]
fn metadata_stays_refused_when_private_is_allowed() {
    let outgoing = Outgoing {
        allow_private: true,
        ..Outgoing::default()
    };
    assert!(refused(&outgoing, "http://10.0.0.1/").is_none());
    assert!(matches!(
        refused(&outgoing, "http://169.254.169.254/"),
        Some(Error::Private { .. })
    ));
}

#[test]
fn only_allowed_hosts_are_called() {
    let outgoing = Outgoing {
        allowed_hosts: vec!["hooks.example.com".into(), "*.corp.example".into()],
        ..Outgoing::default()
    };
    for url in [
        "https://hooks.example.com/a",
        "https://HOOKS.example.com./",
        "https://a.corp.example",
        "https://a.b.corp.example",
    ] {
        assert!(refused(&outgoing, url).is_none(), "{url}");
    }
    for url in [
        "https://example.com",
        "https://xhooks.example.com",
        "https://corp.example",
        "https://evilcorp.example",
        "https://8.8.8.8",
    ] {
        assert!(
            matches!(refused(&outgoing, url), Some(Error::HostNotAllowed(_))),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_name_is_judged_by_its_addresses() {
    let url = Url::parse("https://localhost:1/").unwrap();
    let refused = Outgoing::default()
        .post(&url, HeaderMap::new(), Vec::new())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, Error::Private { .. }) && !refused.is_passing(),
        "{refused}"
    );
}
