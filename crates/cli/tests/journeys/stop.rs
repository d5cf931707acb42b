//! Kill -9 under a load of SCIM writes: what was acknowledged is there, and no PATCH is there by half.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    on_both,
    org::{Org, text},
    server::{Scim, Server},
    setup::connect,
    site::Site,
};

on_both!(what_was_acknowledged_is_there);

/// Clients that write at once.
const WRITERS: usize = 4;

/// How often the server is killed: few in the daily run, `scripts/kill-test` asks for more.
fn kills() -> usize {
    let given = std::env::var("KEYWRIGHT_TEST_KILLS").ok();
    given.and_then(|number| number.parse().ok()).unwrap_or(3)
}

/// A resource that is written again and again, each time with the next number.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    /// The last number that was sent.
    sent: usize,
    /// The last number that was answered with success.
    acknowledged: usize,
}

/// What one client has written.
#[derive(Debug, Default)]
struct Book {
    people: BTreeMap<String, Written>,
    /// The client's group, and its number: as many people as the number were added to it.
    group: Option<(String, Written)>,
    requests: usize,
}

async fn what_was_acknowledged_is_there(site: Site) {
    let org = Org::start(&["--people", "5", "--groups", "1"]);
    connect(&site, &org, "dpop");
    let mut server = Server::start(&site);
    let mut scim = Scim::new(&site, &server);
    let books: Vec<Arc<Mutex<Book>>> = (0..WRITERS).map(|_| Arc::default()).collect();
    let mut rng = StdRng::seed_from_u64(17);
    for round in 0..kills() {
        let writers: Vec<_> = books
            .iter()
            .enumerate()
            .map(|(at, book)| {
                let (scim, book) = (scim.clone(), Arc::clone(book));
                tokio::spawn(async move { write(&scim, at, round, &book).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(rng.random_range(150..900))).await;
        server.kill();
        for writer in writers {
            writer.await.expect("a writer ends when no answer comes");
        }
        server = Server::start(&site);
        scim = scim.at(&server);
        for book in &books {
            check(&scim, book, round).await;
        }
    }
    let (mut requests, mut people) = (0, 0);
    for book in &books {
        let book = book.lock().expect("a book");
        requests += book.requests;
        people += book.people.len();
    }
    assert!(people > 0 && requests > people, "there was no load");
    println!(
        "{} kills under {requests} writes: {people} people and {WRITERS} groups, nothing lost, nothing by half",
        kills()
    );
}

/// Writes until no answer comes: makes people, changes three attributes of one at once, names a group and adds to it.
async fn write(scim: &Scim, client: usize, round: usize, book: &Mutex<Book>) {
    let known = book.lock().expect("a book").group.clone();
    let group = if let Some((group, _)) = known {
        group
    } else {
        let body = json!({"displayName": format!("group {client}: 0"), "members": []});
        let Some(made) = done(scim, Method::POST, "/Groups", &body, book).await else {
            return;
        };
        let id = text(&made["id"]);
        book.lock().expect("a book").group = Some((id.clone(), Written::default()));
        id
    };
    for number in 0.. {
        let name = format!("person.{client}.{round}.{number}@acme.example");
        let body = json!({"userName": name, "externalId": name, "title": "0", "nickName": "0",
            "name": {"givenName": "0", "familyName": "Kill"}});
        let Some(made) = done(scim, Method::POST, "/Users", &body, book).await else {
            return;
        };
        let person = text(&made["id"]);
        book.lock()
            .expect("a book")
            .people
            .insert(person.clone(), Written::default());
        for _ in 0..2 {
            if change_person(scim, &person, book).await.is_none() {
                return;
            }
        }
        if change_group(scim, client, &group, &person, book)
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Three attributes become the next number, in one PATCH.
async fn change_person(scim: &Scim, person: &str, book: &Mutex<Book>) -> Option<()> {
    let next = {
        let mut book = book.lock().expect("a book");
        let written = book.people.get_mut(person).expect("a person");
        written.sent += 1;
        written.sent
    };
    let body = operations(&json!([
        {"op": "replace", "path": "title", "value": next.to_string()},
        {"op": "replace", "value": {"nickName": next.to_string()}},
        {"op": "replace", "path": "name.givenName", "value": next.to_string()},
    ]));
    done(
        scim,
        Method::PATCH,
        &format!("/Users/{person}"),
        &body,
        book,
    )
    .await?;
    let mut book = book.lock().expect("a book");
    book.people.get_mut(person).expect("a person").acknowledged = next;
    Some(())
}

/// The group gets the next number in its name and one member more, in one PATCH.
async fn change_group(
    scim: &Scim,
    client: usize,
    group: &str,
    person: &str,
    book: &Mutex<Book>,
) -> Option<()> {
    let next = {
        let mut book = book.lock().expect("a book");
        let written = &mut book.group.as_mut().expect("a group").1;
        written.sent = written.sent.max(written.acknowledged) + 1;
        written.sent
    };
    let body = operations(&json!([
        {"op": "replace", "path": "displayName", "value": format!("group {client}: {next}")},
        {"op": "add", "path": "members", "value": [{"value": person}]},
    ]));
    done(
        scim,
        Method::PATCH,
        &format!("/Groups/{group}"),
        &body,
        book,
    )
    .await?;
    let mut book = book.lock().expect("a book");
    book.group.as_mut().expect("a group").1.acknowledged = next;
    Some(())
}

fn operations(list: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list})
}

/// One write; `None` when no answer came.
async fn done(
    scim: &Scim,
    method: Method,
    path: &str,
    body: &Value,
    book: &Mutex<Book>,
) -> Option<Value> {
    let (status, answer) = scim.ask(method, path, Some(body)).await?;
    assert!(status.is_success(), "{path}: {status} {answer}");
    book.lock().expect("a book").requests += 1;
    Some(answer)
}

/// What a client was told is there; what it was not told is there as a whole or not at all.
async fn check(scim: &Scim, book: &Mutex<Book>, round: usize) {
    let (people, group) = {
        let book = book.lock().expect("a book");
        (book.people.clone(), book.group.clone())
    };
    for (id, written) in people {
        let path = format!("/Users/{id}");
        let (status, person) = scim.ask(Method::GET, &path, None).await.expect("an answer");
        assert!(
            status.is_success(),
            "round {round}: a person who was acknowledged is gone: {person}"
        );
        let title = text(&person["title"]);
        let same = title == person["nickName"] && title == person["name"]["givenName"];
        assert!(same, "round {round}: half a PATCH: {person}");
        let number: usize = title.parse().expect("a number");
        assert!(
            (written.acknowledged..=written.sent).contains(&number),
            "round {round}: {written:?}, but the person has {number}"
        );
        // From here on, what is there is what counts.
        book.lock().expect("a book").people.insert(
            id,
            Written {
                sent: number,
                acknowledged: number,
            },
        );
    }
    let Some((id, written)) = group else { return };
    let path = format!("/Groups/{id}");
    let (_, found) = scim.ask(Method::GET, &path, None).await.expect("an answer");
    let name = text(&found["displayName"]);
    let number: usize = name
        .rsplit(' ')
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    let members = found["members"].as_array().map_or(0, Vec::len);
    assert_eq!(
        members, number,
        "round {round}: half a PATCH of a group: {name} has {members} members"
    );
    assert!(
        (written.acknowledged..=written.sent).contains(&number),
        "round {round}: {written:?}, but the group has {number}"
    );
    book.lock().expect("a book").group = Some((
        id,
        Written {
            sent: number,
            acknowledged: number,
        },
    ));
}
