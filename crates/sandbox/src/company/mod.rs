//! A company that never was: people with believable names, departments and groups, the same for the same seed.

mod names;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::clock::Time;
use crate::groups::{Group, Origin};
use crate::org::Org;
use crate::users::{NewPerson, Profile, Provider, Secrets, Status, digest};
use names::{DEPARTMENTS, FIRST, LAST, PLACES, TITLES};

/// The domain of all logins.
pub(crate) const DOMAIN: &str = "acme.example";
/// The login of the first super administrator.
pub(crate) const ADMIN: &str = "ada.admin@acme.example";

/// Everybody's password, unless a seed file gives another.
pub(crate) const PASSWORD: &str = "Keywright-Sandbox-1";

/// What everybody can prove themselves with.
pub(crate) fn password() -> Secrets {
    Secrets {
        password: Some(digest(PASSWORD)),
        question: None,
        answer: None,
    }
}

/// Makes the first super administrator; gives its serial.
pub(crate) fn add_admin(org: &mut Org, now: Time) -> u32 {
    let profile = Profile {
        login: ADMIN.into(),
        email: ADMIN.into(),
        first_name: "Ada".into(),
        last_name: "Admin".into(),
        more: Box::default(),
    };
    let new = NewPerson {
        profile,
        status: Status::Active,
        user_type: 0,
        secrets: Some(Box::new(password())),
        provider: Provider::Okta,
        groups: Vec::new(),
        now,
    };
    new.add(org)
}

fn pick<'a>(rng: &mut ChaCha8Rng, list: &[&'a str]) -> &'a str {
    list.get(rng.random_range(0..list.len()))
        .copied()
        .unwrap_or_default()
}

/// Makes so many groups.
pub(crate) fn add_groups(org: &mut Org, count: u32, now: Time) {
    let start = org.groups.len();
    for number in 0..usize::try_from(count).unwrap_or(0) {
        let name = group_name(start + number - 1);
        if org.groups.by_name(&name).is_some() {
            continue;
        }
        let description = format!("People of {name}");
        org.groups.add(Group {
            origin: Origin::Okta,
            created: now.whole(),
            last_updated: now.whole(),
            last_membership_updated: now.whole(),
            name: name.into(),
            description: Some(description.into()),
            more: Box::default(),
            members: Vec::new(),
        });
    }
}

/// The name of the group with this number: departments, then departments by place, then with a number.
fn group_name(number: usize) -> String {
    let department = DEPARTMENTS
        .get(number % DEPARTMENTS.len())
        .copied()
        .unwrap_or_default();
    match number / DEPARTMENTS.len() {
        0 => department.to_owned(),
        round => {
            let place = PLACES
                .get((round - 1) % PLACES.len())
                .copied()
                .unwrap_or_default();
            match (round - 1) / PLACES.len() {
                0 => format!("{department} {place}"),
                again => format!("{department} {place} {}", again + 1),
            }
        }
    }
}

/// Makes so many people, each in so many of the groups that there are.
pub(crate) fn add_people(org: &mut Org, count: u32, groups_per_person: u32, now: Time) {
    let start = org.people.len();
    let mut rng = ChaCha8Rng::seed_from_u64(crate::store::mix(
        org.seed ^ u64::try_from(start).unwrap_or(0),
    ));
    let groups: Vec<u32> = org
        .groups
        .from(1)
        .filter(|(_, group)| group.origin == Origin::Okta)
        .map(|(serial, _)| serial)
        .collect();
    for number in 0..count {
        let profile = person(&mut rng, org, start, number);
        let mut mine = Vec::new();
        while mine.len()
            < usize::try_from(groups_per_person)
                .unwrap_or(0)
                .min(groups.len())
        {
            if let Some(group) = groups.get(rng.random_range(0..groups.len()))
                && !mine.contains(group)
            {
                mine.push(*group);
            }
        }
        let new = NewPerson {
            profile,
            status: Status::Active,
            user_type: 0,
            secrets: Some(Box::new(password_of_all())),
            provider: Provider::Okta,
            groups: mine,
            now,
        };
        new.add(org);
    }
}

fn password_of_all() -> Secrets {
    // Hashing once is enough for a million people.
    static SECRETS: std::sync::LazyLock<Secrets> = std::sync::LazyLock::new(password);
    SECRETS.clone()
}

fn person(rng: &mut ChaCha8Rng, org: &Org, start: usize, number: u32) -> Profile {
    let (first, last) = (pick(rng, &FIRST), pick(rng, &LAST));
    let plain = format!("{}.{}", first.to_lowercase(), last.to_lowercase());
    let mut login = format!("{plain}@{DOMAIN}");
    if org.people.by_login(&login).is_some() {
        login = format!(
            "{plain}{}@{DOMAIN}",
            start + usize::try_from(number).unwrap_or(0) + 1
        );
    }
    let (department, title) = (pick(rng, &DEPARTMENTS), pick(rng, &TITLES));
    Profile {
        email: login.as_str().into(),
        login: login.into(),
        first_name: first.into(),
        last_name: last.into(),
        more: format!("\"title\":\"{title}\",\"department\":\"{department}\"").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company(seed: u64) -> Org {
        let mut org = Org::new(seed, Time(0));
        add_groups(&mut org, 300, Time(0));
        add_people(&mut org, 2000, 3, Time(0));
        org
    }

    #[test]
    fn the_same_seed_makes_the_same_company() {
        let (one, same, other) = (company(1), company(1), company(2));
        let logins = |org: &Org| {
            org.people
                .from(0)
                .map(|(_, person)| person.profile.login.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(logins(&one), logins(&same));
        assert_ne!(logins(&one), logins(&other));
        assert_eq!(one.groups.len(), 301);
        assert_eq!(one.people.len(), 2000);
    }

    #[test]
    fn people_and_groups_agree_about_memberships() {
        let org = company(3);
        let held: usize = org
            .groups
            .from(1)
            .map(|(_, group)| group.members.len())
            .sum();
        assert_eq!(held, 6000);
        for (serial, person) in org.people.from(0) {
            assert_eq!(person.groups.len(), 3);
            for group in &person.groups {
                assert!(org.groups.get(*group).unwrap().members.contains(&serial));
            }
        }
    }
}
