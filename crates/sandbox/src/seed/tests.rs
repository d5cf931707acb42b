use super::*;
use crate::company;
use crate::shared::ROUTER;
use crate::users::Status;

/// The example of `docs/sandbox.md`.
const EXAMPLE: &str = include_str!("example.yaml");

#[test]
fn the_example_is_the_one_that_people_read() {
    assert!(include_str!("../../../../docs/sandbox.md").contains(EXAMPLE));
}

fn org() -> Org {
    let mut org = Org::new(1, Time(0));
    let admin = company::add_admin(&mut org, Time(0));
    crate::start::make_super(&mut org, crate::roles::Holder::User(admin), Time(0));
    org
}

fn sown(text: &str) -> Result<Org, SeedError> {
    let mut org = org();
    sow(&mut org, &ROUTER, text, Time(0))?;
    Ok(org)
}

#[test]
fn the_example_makes_its_people_groups_apps_and_rules() {
    let org = sown(EXAMPLE).unwrap();
    let person = |login: &str| org.people.get(org.people.by_login(login).unwrap()).unwrap();
    let group = |name: &str| org.groups.get(org.groups.by_name(name).unwrap()).unwrap();
    assert_eq!(org.people.len(), 4);
    assert_eq!(person("grace@acme.example").status, Status::Active);
    assert_eq!(person("kim@acme.example").status, Status::Suspended);
    assert_eq!(
        person("grace@acme.example").profile.member("department"),
        Some("Engineering".into())
    );
    let names: Vec<_> = person("grace@acme.example")
        .groups
        .iter()
        .map(|serial| &*org.groups.get(*serial).unwrap().name)
        .collect();
    assert_eq!(names, ["Engineering", "Everyone who builds"]);
    assert_eq!(group("Engineering").members.len(), 2);
    let labels: Vec<_> = org.apps.rows.iter().map(|(_, app)| &*app.label).collect();
    assert_eq!(labels, ["Wiki", "Nightly report"]);
    assert_eq!(org.rules.len(), 1);
    assert_eq!(org.log.len(), 0);
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_mend() {
    let person = "people:\n  - login: a@acme.example\n    firstName: A\n    lastName: B\n";
    for (text, line, what, mend) in [
        (
            "grups: []\n".to_owned(),
            1,
            "`grups` is not known here",
            "did you mean `groups`?",
        ),
        (
            "people:\n  - login: a@acme.example\n    firstname: A\n    lastName: B\n".to_owned(),
            3,
            "`firstname` is not known here",
            "did you mean `firstName`?",
        ),
        (
            "groups:\n  - name: Sales\n  - description: none\n".to_owned(),
            3,
            "`name` is missing",
            "add `name:` here",
        ),
        (
            format!("groups:\n  - name: Sales\n{person}    groups:\n      - Sale\n"),
            8,
            "there is no group `Sale`",
            "did you mean `Sales`?",
        ),
        (
            format!("{person}    status: ACTIV\n"),
            5,
            "there is no status `ACTIV`",
            "did you mean `ACTIVE`?",
        ),
        (
            format!("{person}    roles: [SUPER]\n"),
            5,
            "there is no administrator role `SUPER`",
            "did you mean `SUPER_ADMIN`?",
        ),
        (
            format!("{person}    profile: {{ shoeSize: 44 }}\n"),
            2,
            "Okta refuses this person: Api validation failed: newUser (Property name 'shoeSize' is not defined in profile)",
            "change what the person here says",
        ),
        (
            "groups:\n  - name: Sales\n  - name: Sales\n".to_owned(),
            3,
            "Okta refuses this group: Api validation failed: name (name: An object with this field already exists in the current organization)",
            "change what the group here says",
        ),
        (
            "groups:\n  - name: Sales\nrules:\n  - name: R\n    expression: user.x ===\n    groups: [Sales]\n".to_owned(),
            4,
            "Okta refuses this rule: Api validation failed: expression (expression: Invalid property or syntax in expression)",
            "change what the rule here says",
        ),
    ] {
        let error = sown(&text).unwrap_err();
        let want = SeedError { line, what: what.into(), mend: mend.into() };
        assert_eq!(error, want, "{text}");
    }
}

#[test]
fn an_empty_file_is_an_org_as_it_would_be() {
    assert_eq!(sown("").unwrap().people.len(), 1);
    assert_eq!(sown("# nothing\n").unwrap().people.len(), 1);
}

/// The org from which the recordings are replayed.
const LIVED: &str = include_str!("../../../../fixtures/okta/lived.yaml");

#[test]
fn an_org_can_have_lived() {
    let org = sown(LIVED).unwrap();
    assert_eq!(org.schemas.types.len(), 9);
    let named: Vec<_> = org.authenticators.iter().map(|(_, one)| one).collect();
    let find = |name: &str| named.iter().find(|one| one.text("name") == name).unwrap();
    assert!(find("Google Authenticator").active);
    assert!(!find("Custom OTP").active);
    let app = find("Acme mobile push")
        .at(&["settings", "appInstanceId"])
        .unwrap();
    assert!(app.as_str().unwrap().starts_with("0oa"));
    assert_eq!(
        find("Security Key or Biometric").body["aaguids"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_token_of_a_seed_file_opens_the_org_to_its_user() {
    let person = "people:\n  - login: a@acme.example\n    firstName: A\n    lastName: B\n";
    let token = "tokens:\n  - name: CI\n    user: a@acme.example\n    value: ci-token-of-a-test\n";
    let org = sown(&format!("{person}{token}")).unwrap();
    let user = org.people.by_login("a@acme.example").unwrap();
    let caller = org.tokens.caller("ci-token-of-a-test", Time(0));
    assert_eq!(caller, Some(crate::http::Caller::Token { token: 0, user }));
    let short = sown("tokens:\n  - name: CI\n    value: short\n").unwrap_err();
    assert_eq!((short.line, &*short.what), (3, "the token `CI` is short"));
}

#[test]
fn a_type_and_an_app_that_nobody_made_are_told() {
    let person = "userTypes:\n  - name: contractor\npeople:\n  - login: a@acme.example\n    firstName: A\n    lastName: B\n";
    let error = sown(&format!("{person}    type: contracter\n")).unwrap_err();
    assert_eq!(
        (error.line, &*error.mend),
        (7, "did you mean `contractor`?")
    );
    let push = "authenticators:\n  - key: custom_app\n    name: Push\n    app: Mobile\n";
    assert_eq!(sown(push).unwrap_err().mend, "make it under `apps:`");
}
