//! The groups and apps that narrow a role.

use serde_json::json;

use super::Assignment;
use super::assign::{find, holder};
use crate::apps;
use crate::groups::{self, Expand};
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// The routes of targets.
pub(crate) fn routes(routes: &mut Routes) {
    let targets = [
        [
            "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/groups",
            "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/groups/{targetGroupId}",
            "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps",
            "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}",
            "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}/{appId}",
        ],
        [
            "/api/v1/groups/{groupId}/roles/{roleAssignmentId}/targets/groups",
            "/api/v1/groups/{groupId}/roles/{roleAssignmentId}/targets/groups/{targetGroupId}",
            "/api/v1/groups/{groupId}/roles/{roleAssignmentId}/targets/catalog/apps",
            "/api/v1/groups/{groupId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}",
            "/api/v1/groups/{groupId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}/{appId}",
        ],
        [
            "/oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}/targets/groups",
            "/oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}/targets/groups/{targetGroupId}",
            "/oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}/targets/catalog/apps",
            "/oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}",
            "/oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}/{appId}",
        ],
    ];
    routes.get(
        "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets",
        every_target,
    );
    for [all_groups, group, all_apps, catalogue, app] in targets {
        routes
            .get(all_groups, target_groups)
            .put(group, add_group)
            .delete(group, drop_group);
        routes
            .get(all_apps, target_apps)
            .put(all_apps, all_apps_again);
        routes.put(catalogue, add_app).delete(catalogue, drop_app);
        routes.put(app, add_app).delete(app, drop_app);
    }
}

/// Groups and apps together, each by its resource name.
fn every_target(org: &Org, call: &Call) -> Answer {
    let held = find(org, call, holder(org, call)?)?;
    let me = org.tail.id(Kind::ORG, 0);
    let one = |orn: String, path: String| {
        json!({
            "assignmentType": "USER", "orn": orn, "_links": { "self": { "href": call.url(&path) } },
        })
    };
    let groups = held.groups.iter().map(|serial| {
        let id = org.tail.id(Kind::GROUP, *serial);
        let orn = format!("orn:okta:directory:{me}:groups:{id}");
        one(orn, format!("/api/v1/groups/{id}"))
    });
    let apps = held.apps.iter().map(|(name, app)| {
        if let Some(serial) = app {
            let id = org.tail.id(Kind::APP, *serial);
            let orn = format!("orn:okta:idp:{me}:apps:{name}:{id}");
            one(orn, format!("/api/v1/apps/{id}"))
        } else {
            let orn = format!("orn:okta:idp:{me}:apps:{name}");
            one(orn, format!("/api/v1/catalog/apps/{name}"))
        }
    });
    Ok(Reply::json(&groups.chain(apps).collect::<Vec<_>>()))
}

fn target_groups(org: &Org, call: &Call) -> Answer {
    let held = find(org, call, holder(org, call)?)?;
    let shown = held
        .groups
        .iter()
        .filter_map(|serial| org.groups.get(*serial).map(|group| (*serial, group)));
    let body = groups::array(org, call, shown, Expand::Nothing);
    Ok(Page::of(call, 20, 200)?.links(Reply::raw(body), call, &[], None))
}

fn target_apps(org: &Org, call: &Call) -> Answer {
    let held = find(org, call, holder(org, call)?)?;
    let shown: Vec<_> = held
        .apps
        .iter()
        .map(|(name, app)| apps::catalogue(org, call, name, *app))
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&shown), call, &[], None))
}

fn change(org: &mut Org, call: &Call, with: impl FnOnce(&mut Assignment)) -> Answer {
    let holder = holder(org, call)?;
    let id = find(org, call, holder)?.id.clone();
    if let Some(held) = org
        .roles
        .of_mut(holder)
        .iter_mut()
        .find(|held| held.id == id)
    {
        with(held);
    }
    Ok(Reply::no_content())
}

fn add_group(org: &mut Org, call: &Call) -> Answer {
    let group = groups::find(org, call.param("targetGroupId"))?;
    change(org, call, |held| {
        if !held.groups.contains(&group) {
            held.groups.push(group);
        }
    })
}

fn drop_group(org: &mut Org, call: &Call) -> Answer {
    let group = groups::find(org, call.param("targetGroupId"))?;
    change(org, call, |held| {
        held.groups.retain(|serial| *serial != group);
    })
}

fn target_app(org: &Org, call: &Call) -> Result<(String, Option<u32>), Fail> {
    let name = call.param("appName").to_owned();
    match call.param("appId") {
        "" => Ok((name, None)),
        id => apps::find(org, id).map(|serial| (name, Some(serial))),
    }
}

fn add_app(org: &mut Org, call: &Call) -> Answer {
    let target = target_app(org, call)?;
    change(org, call, |held| {
        if !held.apps.contains(&target) {
            held.apps.push(target);
        }
    })
}

fn drop_app(org: &mut Org, call: &Call) -> Answer {
    let target = target_app(org, call)?;
    change(org, call, |held| held.apps.retain(|one| *one != target))
}

fn all_apps_again(org: &mut Org, call: &Call) -> Answer {
    change(org, call, |held| held.apps.clear())
}
