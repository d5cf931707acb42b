//! Who is in a group.

use http::StatusCode;

use super::{EVERYONE, find, join, leave};
use crate::http::{Answer, Call, Fail, Page, Reply};
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;
use crate::users;

/// `GET /groups/{id}/users`.
pub(super) fn list(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call.param("groupId"))?;
    let page = Page::of(call, 1000, 1000)?;
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::USER, after));
    let start = after.map_or(0, |user| user.saturating_add(1));
    let (shown, more) = if serial == EVERYONE {
        let found: Vec<u32> = org
            .people
            .from(start)
            .map(|(user, _)| user)
            .take(page.limit + 1)
            .collect();
        let more = found.len() > page.limit;
        (found, more)
    } else {
        let members = org
            .groups
            .get(serial)
            .map(|group| group.members.as_slice())
            .unwrap_or_default();
        let from = members.partition_point(|user| *user < start);
        let rest = members.get(from..).unwrap_or_default();
        (
            rest.iter().take(page.limit).copied().collect(),
            rest.len() > page.limit,
        )
    };
    let shown = shown
        .into_iter()
        .take(page.limit)
        .filter_map(|user| Some((user, org.people.get(user)?)));
    let shown: Vec<_> = shown.collect();
    let next = shown
        .last()
        .filter(|_| more)
        .map(|(user, _)| org.tail.id(Kind::USER, *user));
    let body = users::array(org, call, shown.into_iter());
    Ok(page.links(Reply::raw(body), call, &[], next.as_deref()))
}

/// Group and user that a path names, where membership can be changed by hand.
fn pair(org: &Org, call: &Call) -> Result<(u32, u32), Fail> {
    let group = find(org, call.param("groupId"))?;
    let user = users::find(org, call, call.param("userId"))?;
    if !org.groups.takes_members(group) {
        let text = "You do not have permission to perform the requested action";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000006", text));
    }
    Ok((group, user))
}

/// `PUT /groups/{id}/users/{id}`.
pub(super) fn add(org: &mut Org, call: &Call) -> Answer {
    let (group, user) = pair(org, call)?;
    if join(org, group, user, call.now) {
        let (group, user) = (org.group_target(group), org.user_target(user));
        org.record(
            call,
            Event::new("group.user_membership.add")
                .target(user)
                .target(group),
        );
    }
    Ok(Reply::no_content())
}

/// `DELETE /groups/{id}/users/{id}`.
pub(super) fn remove(org: &mut Org, call: &Call) -> Answer {
    let (group, user) = pair(org, call)?;
    if leave(org, group, user, call.now) {
        let (group, user) = (org.group_target(group), org.user_target(user));
        org.record(
            call,
            Event::new("group.user_membership.remove")
                .target(user)
                .target(group),
        );
    }
    Ok(Reply::no_content())
}
