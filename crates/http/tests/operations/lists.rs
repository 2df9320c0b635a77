//! Lists: page by page, and what they may be asked for.

use crate::test_app::{ANNA, Answer, TestApp};

fn addresses(answer: &Answer) -> Vec<&str> {
    let users = answer.body["users"].as_array().unwrap().iter();
    users.map(|user| user["email"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_is_read_page_by_page_to_its_end() {
    let app = TestApp::new().await;
    for n in 0..5 {
        app.clock.advance(time::Duration::SECOND);
        app.sign_up(&format!("user{n}@example.com")).await;
    }
    let mut path = "/users?limit=3".to_owned();
    let mut seen = Vec::new();
    for size in [3, 3, 1] {
        let page = app.admin("GET", &path, "").await;
        assert_eq!(addresses(&page).len(), size);
        seen.extend(addresses(&page).into_iter().map(str::to_owned));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/users?limit=3&cursor={cursor}"),
            None => assert_eq!(seen.len(), 7, "the list ends with its last entry"),
        }
    }
    assert_eq!(seen[..2], ["admin@example.com", ANNA]);
    assert_eq!(seen[6], "user4@example.com");

    // A page that is exactly full is the last one.
    let whole = app.admin("GET", "/users?limit=7", "").await;
    assert_eq!((addresses(&whole).len(), whole.body.get("next_cursor")), (7, None));

    let newest = app.admin("GET", "/mail?limit=1", "").await;
    let cursor = newest.body["next_cursor"].as_str().unwrap();
    assert_eq!(newest.body["mails"][0]["to"], "user4@example.com");
    let older = app.admin("GET", &format!("/mail?cursor={cursor}"), "").await;
    assert_eq!(older.body["mails"].as_array().unwrap().len(), 6);
    assert_eq!(older.body["mails"][0]["to"], "user3@example.com");
    assert!(older.body.get("next_cursor").is_none());
}

#[tokio::test]
async fn accounts_are_found_by_a_part_of_their_address_or_name() {
    let app = TestApp::new().await;
    for (query, found) in [
        ("NNA%40ex", vec![ANNA]),
        ("anna-USER", vec![ANNA]),
        ("unknown", vec![]),
        ("", vec!["admin@example.com", ANNA]),
        ("%20", vec!["admin@example.com", ANNA]),
    ] {
        let answer = app.admin("GET", &format!("/users?query={query}"), "").await;
        assert_eq!(addresses(&answer), found, "{query}");
    }
    let user = &app.admin("GET", "/users?query=anna", "").await.body["users"][0];
    let names: Vec<&str> = user.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["created_at", "email", "id", "is_active", "is_admin", "username"]);
}

#[tokio::test]
async fn a_list_says_which_parameter_it_does_not_take() {
    let app = TestApp::new().await;
    let long = format!("/users?query={}", "a".repeat(255));
    for (path, field) in [
        ("/users?limit=0", "limit"),
        ("/users?limit=101", "limit"),
        ("/users?limit=-1", "limit"),
        ("/users?limit=x", "limit"),
        ("/users?cursor=1", "cursor"),
        ("/mail?limit=101", "limit"),
        ("/mail?cursor=%00", "cursor"),
        (&long, "query"),
    ] {
        let answer = app.admin("GET", path, "").await;
        assert_eq!(answer.violations(), [(field, "invalid_value")], "{path}");
    }
    for limit in [1, 100] {
        assert_eq!(app.admin("GET", &format!("/users?limit={limit}"), "").await.status, 200);
    }
}
