use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::actor::{Actor, ActorKind, Permission, Permissions};
use crate::app::Work;
use crate::db::{ConnectionId, UserId};
use crate::directory::staging::{self, Facts, NewGrant, NewUser, When};
use crate::testing::{TestApp, db_test};

const ORG: ConnectionId = ConnectionId(Uuid::from_u128(7));

fn person(work: &Work, okta_id: &str) -> NewUser {
    let facts = Facts {
        login: format!("{okta_id}@acme.test"),
        status: "ACTIVE".into(),
        hash: 1,
        ..Facts::default()
    };
    NewUser {
        id: work.id(),
        okta_id: okta_id.into(),
        facts,
        blocked: false,
    }
}

async fn add_person(t: &TestApp, okta_id: &str) -> UserId {
    let work = t.begin().await;
    touch(&work).await.unwrap();
    let new = person(&work, okta_id);
    staging::add_users(&work, ORG, When::Now, std::slice::from_ref(&new))
        .await
        .unwrap();
    work.commit().await.unwrap();
    new.id
}

async fn add_local(t: &TestApp, login: &str, kind: Kind) -> User {
    let mut work = t.begin().await;
    let draft = UserDraft {
        kind,
        login: login.into(),
        email: String::new(),
        display_name: String::new(),
    };
    let user = create_user(&mut work, &draft, "test").await.unwrap();
    work.commit().await.unwrap();
    user
}

async fn give_role(t: &TestApp, user: UserId, role: RoleId) {
    let mut work = t.begin().await;
    give(&mut work, user, role, None, "test").await.unwrap();
    work.commit().await.unwrap();
}

fn with(t: &TestApp, permissions: &[Permission]) -> Actor {
    let permissions: Permissions = permissions.iter().copied().collect();
    Actor {
        kind: ActorKind::Person(UserId(Uuid::from_u128(9))),
        name: "ann".into(),
        tenant: t.tenant,
        permissions,
    }
}

fn items(body: &Value) -> Vec<&str> {
    body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

/// Takes the directory for a run alone, and makes it true; gives the version before.
async fn shut_out_and_flip(t: &TestApp, run: Uuid) -> i64 {
    let work = t.begin().await;
    staging::release(&work, Uuid::from_u128(3)).await.unwrap();
    assert!(staging::claim(&work, run).await.unwrap());
    staging::shut_out(&work, run).await.unwrap();
    let version = state(&work).await.unwrap().version;
    staging::flip(&work, run, version).await.unwrap();
    work.commit().await.unwrap();
    version
}

db_test!(
    async fn permissions_are_the_union_of_what_counts_now(t) {
        let user = add_local(&t, "bo", Kind::Local).await.id;
        give_role(&t, user, HELPDESK).await;
        let mut work = t.begin().await;
        let soon = Some(work.now.plus_seconds(60));
        give(&mut work, user, AUDITOR, soon, "for the audit").await.unwrap();
        work.commit().await.unwrap();
        let both = permissions_of(&t.read().await, user).await.unwrap();
        assert!(both.holds(Permission::AuditRead) && both.holds(Permission::KeysManage));
        t.advance(Duration::from_secs(60));
        let later = permissions_of(&t.read().await, user).await.unwrap();
        assert!(!later.holds(Permission::AuditRead) && later.holds(Permission::KeysManage));
        let mut work = t.begin().await;
        set_blocked(&mut work, user, true, "left").await.unwrap();
        work.commit().await.unwrap();
        let access = access(&t.read().await, user).await.unwrap().unwrap();
        assert_eq!((access.blocked, access.epoch, access.permissions), (true, 1, Permissions::default()));
    }

    async fn nobody_gives_maps_or_defines_what_they_do_not_hold(t) {
        let user = add_local(&t, "bo", Kind::Local).await.id;
        let few = with(&t, &[Permission::GrantsManage, Permission::MappingsManage, Permission::RolesManage, Permission::UsersManage]);
        let give_path = format!("/api/v1/users/{user}/roles");
        let (status, body) = t.send(Some(few.clone()), "POST", &give_path, Some(json!({ "role": "auditor" }))).await;
        assert_eq!((status, body["permissions"].as_array().unwrap().len() > 5), (403, true));
        let mut work = t.app.begin(&few).await.unwrap();
        let refused = create_mapping(&mut work, ORG, "00g1", None, &[AUDITOR], "").await;
        assert!(matches!(refused, Err(Error::Delegation(_))));
        drop(work);
        let role = json!({ "name": "peek", "permissions": ["audit.read"] });
        assert_eq!(t.send(Some(few.clone()), "POST", "/api/v1/roles", Some(role.clone())).await.0, 403);
        let glass = json!({ "login": "glass", "kind": "break_glass" });
        assert_eq!(t.send(Some(few.clone()), "POST", "/api/v1/users", Some(glass)).await.0, 403);
        assert_eq!(t.send(Some(few.clone()), "POST", &give_path, Some(json!({ "role": "user" }))).await.0, 200);
        // Nor takes what they do not hold.
        give_role(&t, user, AUDITOR).await;
        assert_eq!(t.send(Some(few), "DELETE", &format!("{give_path}/auditor"), None).await.0, 403);
        assert_eq!(t.call("POST", "/api/v1/roles", Some(role)).await.0, 201);
    }

    async fn the_last_admin_and_the_last_break_glass_admin_stay(t) {
        let bo = add_local(&t, "bo", Kind::Local).await.id;
        let cy = add_local(&t, "cy", Kind::Local).await.id;
        let glass = add_local(&t, "glass", Kind::BreakGlass).await.id;
        give_role(&t, bo, ADMIN).await;
        give_role(&t, cy, ADMIN).await;
        let admin_of = |user: UserId, role: &str| format!("/api/v1/users/{user}/roles/{role}");
        assert_eq!(t.call("DELETE", &admin_of(bo, "admin"), None).await.0, 204);
        let (status, body) = t.call("DELETE", &admin_of(cy, "admin"), None).await;
        assert_eq!(status, 409);
        assert!(body["detail"].as_str().unwrap().contains("last admin"), "{body}");
        let blocked = Some(json!({ "blocked": true }));
        assert_eq!(t.call("PUT", &format!("/api/v1/users/{cy}/blocked"), blocked).await.0, 409);
        assert_eq!(t.call("DELETE", &admin_of(glass, "super_admin"), None).await.0, 409);
        assert!(permissions_of(&t.read().await, cy).await.unwrap().holds(Permission::UsersManage), "nothing of it stayed");
    }

    async fn roles_are_made_changed_and_deleted(t) {
        let (status, made) = t.call("POST", "/api/v1/roles", Some(json!({ "name": "Desk", "permissions": ["users.read"] }))).await;
        assert_eq!((status, made["version"].as_i64()), (201, Some(1)));
        let clash = Some(json!({ "name": "desk", "permissions": [] }));
        assert_eq!(t.call("POST", "/api/v1/roles", clash.clone()).await.0, 409);
        assert_eq!(t.call("POST", "/api/v1/roles", Some(json!({ "name": "Admin", "permissions": [] }))).await.0, 409);
        assert_eq!(t.call("PUT", "/api/v1/roles/admin", clash).await.0, 409);
        let changed = json!({ "name": "Desk", "permissions": ["users.read", "groups.read"], "reason": "more" });
        let (status, body) = t.call("PUT", "/api/v1/roles/desk", Some(changed)).await;
        assert_eq!((status, body["version"].as_i64()), (200, Some(2)));
        let (_, all) = t.call("GET", "/api/v1/roles", None).await;
        assert_eq!(items(&all), ["super_admin", "admin", "auditor", "helpdesk", "user", "Desk"]);
        let mut work = t.begin().await;
        let desk = find_role_by(&work, "desk").await.unwrap().id;
        let mapping = create_mapping(&mut work, ORG, "00g1", Some("Desk people"), &[desk, USER], "").await.unwrap();
        assert_eq!(mapping.roles.len(), 2);
        work.commit().await.unwrap();
        assert_eq!(t.call("DELETE", "/api/v1/roles/desk", None).await.0, 409);
        let mut work = t.begin().await;
        let change = MappingChange { roles: Some(vec![USER]), paused: Some(true) };
        let changed = update_mapping(&mut work, mapping.id, &change, Some(mapping.version), "").await.unwrap();
        assert!(changed.paused_at.is_some());
        let stale = update_mapping(&mut work, mapping.id, &change, Some(mapping.version), "").await;
        assert!(matches!(stale, Err(Error::Db(crate::db::Error::Stale))));
        work.commit().await.unwrap();
        assert_eq!(t.call("DELETE", "/api/v1/roles/desk", None).await.0, 204);
        let mut work = t.begin().await;
        delete_mapping(&mut work, mapping.id, "").await.unwrap();
        assert!(find_mapping(&work, mapping.id).await.is_err());
    }

    async fn people_are_joined_by_connection_and_okta_id_alone(t) {
        let user = add_person(&t, "00u1").await;
        let work = t.read().await;
        assert_eq!(user_by_okta_id(&work, ORG, "00u1").await.unwrap().unwrap().id, user);
        assert!(user_by_okta_id(&work, ConnectionId(Uuid::from_u128(8)), "00u1").await.unwrap().is_none());
        let (status, body) = t.call("GET", "/api/v1/users/00u1@acme.test", None).await;
        assert_eq!((status, body["links"][0]["okta_id"].as_str()), (200, Some("00u1")));
        assert_eq!(t.call("PUT", &format!("/api/v1/users/{user}/blocked"), Some(json!({ "blocked": true }))).await.0, 422);
    }

    async fn people_are_found_by_a_part_of_their_name_in_any_script(t) {
        let work = t.begin().await;
        touch(&work).await.unwrap();
        let mut new = person(&work, "00u1");
        new.facts.display_name = "Émile Ångström".into();
        staging::add_users(&work, ORG, When::Now, std::slice::from_ref(&new)).await.unwrap();
        let newest = browse::PeopleWanted { q: "ÉMILE", limit: 10, ..Default::default() };
        let mut found = browse::people(&work, &newest).await.unwrap();
        assert_eq!(found.pop().map(|user| user.id), Some(new.id));

        new.facts.display_name = "Μαρία".into();
        staging::update_facts(&work, &[(new.id, new.facts.clone())]).await.unwrap();
        assert!(browse::people(&work, &newest).await.unwrap().is_empty());
        assert_eq!(users::list(&work, "ΜΑΡ", &Page { after: Uuid::nil(), limit: 10 }).await.unwrap().len(), 1);
    }

    async fn who_has_a_rare_role_is_listed_in_order(t) {
        let names = ["zoe", "adam", "mia"];
        for name in names {
            let user = add_local(&t, name, Kind::Local).await;
            give_role(&t, user.id, ADMIN).await;
            give_role(&t, user.id, HELPDESK).await;
        }
        add_local(&t, "bob", Kind::Local).await;
        let work = t.read().await;
        let of = async |wanted: browse::PeopleWanted<'_>| {
            let found = browse::people(&work, &browse::PeopleWanted { limit: 10, ..wanted }).await.unwrap();
            found.into_iter().map(|user| user.login).collect::<Vec<_>>()
        };
        assert_eq!(of(browse::PeopleWanted { show: browse::Show::Admins, ..Default::default() }).await, ["adam", "mia", "zoe"]);
        let both = browse::PeopleWanted { show: browse::Show::Admins, role: Some(HELPDESK), q: "a", ..Default::default() };
        assert_eq!(of(both).await, ["adam", "mia"]);
    }

    async fn what_is_prepared_is_true_all_at_once_or_never(t) {
        let known = add_person(&t, "00u0").await;
        give_role(&t, known, AUDITOR).await;
        let run = Uuid::from_u128(1);
        let grant = grants_of(&t.read().await, known).await.unwrap()[0].id;
        let prepare = async |okta_id: &str| {
            let work = t.begin().await;
            assert!(staging::claim(&work, run).await.unwrap());
            while sweeping::sweep(&work).await.unwrap() {}
            let now = state(&work).await.unwrap();
            let when = When::Generation(now.generation + 1);
            let new = person(&work, okta_id);
            let given = NewGrant { user: new.id, role: USER, mapping: None, group: None, run, expires_at: None };
            staging::add_users(&work, ORG, when, std::slice::from_ref(&new)).await.unwrap();
            staging::add_grants(&work, when, "test", &[given]).await.unwrap();
            staging::drop_grants(&work, when, &[grant]).await.unwrap();
            work.commit().await.unwrap();
            (new.id, now.version)
        };
        let (left, _) = prepare("00u1").await;
        assert!(find_user(&t.read().await, left).await.is_err(), "not yet true");
        assert_eq!(grants_of(&t.read().await, known).await.unwrap().len(), 1);
        // Its worker is killed; another try sweeps what it left and prepares anew, and a manual change comes between.
        let (stale, version) = prepare("00u1").await;
        give_role(&t, known, HELPDESK).await;
        let work = t.begin().await;
        assert!(matches!(staging::flip(&work, run, version).await, Err(crate::db::Error::Stale)));
        drop(work);
        let (new, version) = prepare("00u1").await;
        let work = t.begin().await;
        staging::flip(&work, run, version).await.unwrap();
        work.commit().await.unwrap();
        let work = t.read().await;
        assert!(find_user(&work, left).await.is_err() && find_user(&work, stale).await.is_err());
        assert_eq!(grants_of(&work, new).await.unwrap().len(), 1);
        let kept: Vec<RoleId> = grants_of(&work, known).await.unwrap().iter().map(|grant| grant.role_id).collect();
        assert_eq!(kept, [HELPDESK]);
        drop(work);
        let work = t.begin().await;
        assert!(sweeping::purge(&work).await.unwrap());
        assert!(!sweeping::purge(&work).await.unwrap());
    }

    async fn while_a_run_has_the_directory_to_itself_roles_are_only_taken(t) {
        let known = add_person(&t, "00u0").await;
        give_role(&t, known, AUDITOR).await;
        let run = Uuid::from_u128(1);
        let shut_out = async || {
            let work = t.begin().await;
            assert!(staging::claim(&work, run).await.unwrap());
            staging::shut_out(&work, run).await.unwrap();
            // Its later claims, which sweep, keep it.
            assert!(staging::claim(&work, run).await.unwrap());
            let version = state(&work).await.unwrap().version;
            work.commit().await.unwrap();
            version
        };
        let give = async || {
            let mut work = t.begin().await;
            let given = give(&mut work, known, HELPDESK, None, "test").await;
            if given.is_ok() {
                work.commit().await.unwrap();
            }
            given
        };
        let version = shut_out().await;
        assert!(matches!(give().await, Err(Error::Db(crate::db::Error::Applying))));
        let (status, problem) = t.call("POST", &format!("/api/v1/users/{known}/roles"), Some(json!({ "role": "helpdesk" }))).await;
        assert_eq!(status, 503, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("try again in a minute"), "{problem}");
        let another = touch_if(&t.begin().await, version, Uuid::from_u128(2)).await;
        assert!(matches!(another, Err(crate::db::Error::Stale)), "nor does another run come between");
        let work = t.begin().await;
        touch_if(&work, version, run).await.unwrap();
        drop(work);
        let mut work = t.begin().await;
        revoke(&mut work, known, AUDITOR, "at once").await.unwrap();
        work.commit().await.unwrap();
        let flipped = staging::flip(&t.begin().await, run, version).await;
        assert!(matches!(flipped, Err(crate::db::Error::Stale)), "what was taken counts");
        let work = t.begin().await;
        staging::release(&work, run).await.unwrap();
        work.commit().await.unwrap();
        give().await.unwrap();
        // A run that died lets others in again, and the next claim is an ordinary one.
        shut_out().await;
        t.advance(Duration::from_secs(61));
        give().await.unwrap();
        let work = t.begin().await;
        assert!(staging::claim(&work, Uuid::from_u128(3)).await.unwrap());
        work.commit().await.unwrap();
        give().await.unwrap();
        let version = shut_out_and_flip(&t, run).await;
        give().await.unwrap();
        assert_eq!(state(&t.read().await).await.unwrap().version, version + 2);
    }

    async fn only_one_run_prepares_at_a_time(t) {
        add_person(&t, "00u0").await;
        let claim = async |run: u128| {
            let work = t.begin().await;
            let claimed = staging::claim(&work, Uuid::from_u128(run)).await.unwrap();
            work.commit().await.unwrap();
            claimed
        };
        assert!(claim(1).await);
        assert!(!claim(2).await);
        t.advance(Duration::from_secs(61));
        assert!(claim(2).await, "the first one is dead");
        let work = t.begin().await;
        assert!(staging::renew(&work, Uuid::from_u128(1)).await.is_err());
        staging::release(&work, Uuid::from_u128(2)).await.unwrap();
        work.commit().await.unwrap();
        assert!(claim(1).await);
    }

    async fn nothing_is_seen_from_another_tenant(t) {
        let user = add_person(&t, "00u1").await;
        give_role(&t, user, AUDITOR).await;
        let mut work = t.begin().await;
        let mapping = create_mapping(&mut work, ORG, "00g1", None, &[USER], "").await.unwrap();
        let draft = RoleDraft { name: "peek".into(), description: String::new(), permissions: Permissions::default() };
        let role = create_role(&mut work, &draft, "").await.unwrap();
        staging::add_members(&work, When::Now, &[(mapping.group_id, user)]).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(group_members(&t.read().await, mapping.group_id, &Page { after: Uuid::nil(), limit: 9 }).await.unwrap().len(), 1);
        let other = t.other_tenant().await;
        let mut work = t.app.begin(&other).await.unwrap();
        let page = Page { after: Uuid::nil(), limit: 9 };
        assert!(find_user(&work, user).await.is_err());
        assert!(list_users(&work, "", &page).await.unwrap().is_empty());
        assert!(users_by_login(&work, "00u1@acme.test").await.unwrap().is_empty());
        assert!(user_by_okta_id(&work, ORG, "00u1").await.unwrap().is_none());
        assert!(links_of(&work, user).await.unwrap().is_empty());
        assert!(access(&work, user).await.unwrap().is_none());
        assert!(grants_of(&work, user).await.unwrap().is_empty());
        assert!(roles_of(&work, user).await.unwrap().is_empty());
        assert!(find_group(&work, mapping.group_id).await.is_err());
        assert!(find_group_by_okta_id(&work, ORG, "00g1").await.unwrap().is_none());
        assert!(list_groups(&work, None, "", &page).await.unwrap().is_empty());
        assert!(list_groups(&work, Some(ORG), "", &page).await.unwrap().is_empty());
        assert!(groups_of(&work, user).await.unwrap().is_empty());
        assert!(group_members(&work, mapping.group_id, &page).await.is_err());
        assert!(mapped_groups(&work, ORG).await.unwrap().is_empty());
        assert!(list_mappings(&work, None).await.unwrap().is_empty());
        assert!(find_mapping(&work, mapping.id).await.is_err());
        assert!(find_role(&work, role.id).await.is_err() && find_role_by(&work, "peek").await.is_err());
        assert_eq!(list_roles(&work).await.unwrap().len(), 5);
        assert_eq!(admins(&work, false, None).await.unwrap(), 0);
        assert_eq!(state(&work).await.unwrap(), State::default());
        assert!(present::outside(&work, ORG, 9).await.unwrap().is_empty());
        assert!(present::described(&work, ORG, &[user]).await.unwrap().is_empty());
        let mut seen = 0;
        present::people(&work, ORG, |_| seen += 1).await.unwrap();
        present::grants(&work, ORG, |_| seen += 1).await.unwrap();
        present::members(&work, mapping.group_id, |_| seen += 1).await.unwrap();
        assert_eq!(seen, 0);
        assert!(give(&mut work, user, USER, None, "").await.is_err());
        assert!(revoke(&mut work, user, AUDITOR, "").await.is_err());
        assert!(set_blocked(&mut work, user, true, "").await.is_err());
        assert!(end_sessions(&mut work, user, "").await.is_err());
        assert!(update_mapping(&mut work, mapping.id, &MappingChange::default(), None, "").await.is_err());
        assert!(delete_mapping(&mut work, mapping.id, "").await.is_err());
        assert!(update_role(&mut work, role.id, &draft, None, "").await.is_err());
        assert!(delete_role(&mut work, role.id, "").await.is_err());
        // What writes by id alone touches nothing there.
        let grant = grants_of(&t.read().await, user).await.unwrap()[0].id;
        staging::drop_grants(&work, When::Now, &[grant]).await.unwrap();
        staging::drop_members(&work, When::Now, mapping.group_id, &[user]).await.unwrap();
        staging::set_blocked(&work, &[user], true).await.unwrap();
        staging::see_links(&work, &[user]).await.unwrap();
        pause_mappings(&work, &[mapping.id], Uuid::from_u128(1)).await.unwrap();
        raise_epochs(&work, &[user]).await.unwrap();
        work.commit().await.unwrap();
        let work = t.read().await;
        assert_eq!(grants_of(&work, user).await.unwrap().len(), 1);
        assert_eq!(groups_of(&work, user).await.unwrap().len(), 0, "never read");
        assert_eq!(group_members(&work, mapping.group_id, &page).await.unwrap().len(), 1);
        let after = find_user(&work, user).await.unwrap();
        assert_eq!((after.blocked, after.access_epoch), (false, 0));
        assert!(find_mapping(&work, mapping.id).await.unwrap().paused_at.is_none());
    }
);
