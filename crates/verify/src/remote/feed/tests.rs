//! Tests of the feed with scripted responses and paused time.

use tokio::time::{advance, timeout};

use super::*;
use crate::fixture::Issuer;

const SECOND: Duration = Duration::from_secs(1);
const LIFE: Duration = Duration::from_mins(15);
/// The longest lifetime and a minute of skew for each clock.
const KEPT: Duration = Duration::from_mins(17);
const NEARLY: Duration = KEPT.saturating_sub(SECOND);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn page(sessions: &[u128], next: &str, more: bool) -> String {
    let sessions: Vec<_> = sessions.iter().map(|number| id(*number).to_string()).collect();
    serde_json::json!({"sessions": sessions, "next": next, "more": more}).to_string()
}

fn feed(issuer: &Issuer) -> Feed {
    let rules = Rules { longest_life: LIFE, ..Rules::new("i", "a") };
    let url = "https://id.example.com/revocations".to_owned();
    Feed::new(Arc::new(issuer.clone()), url, &rules)
}

/// Polls for the given time.
async fn follow(feed: &Feed, time: Duration) {
    assert!(timeout(time, feed.follow(SECOND)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_session_in_the_feed_has_ended() {
    let issuer = Issuer::default();
    issuer.answer([
        Ok(page(&[1], "a", false)),
        Ok(page(&[], "b", false)),
        Ok(page(&[2, 1], "c", false)),
    ]);
    let feed = feed(&issuer);
    assert!(!feed.has_ended(id(1)));
    assert_eq!(feed.age(), None);
    follow(&feed, SECOND * 5 / 2).await;
    assert!(feed.has_ended(id(1)) && feed.has_ended(id(2)) && !feed.has_ended(id(3)));
    assert_eq!(issuer.queries(), ["", "since=a", "since=b"]);
    assert_eq!(feed.age(), Some(SECOND / 2));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_may_contain_any_characters() {
    let issuer = Issuer::default();
    issuer.answer([Ok(page(&[], "a b&c=ü-._~9", false))]);
    follow(&feed(&issuer), SECOND * 3 / 2).await;
    assert_eq!(issuer.queries()[1], "since=a%20b%26c%3D%C3%BC-._~9");
}

#[tokio::test(start_paused = true)]
async fn existing_pages_are_read_without_a_pause() {
    let issuer = Issuer::default();
    issuer.answer([
        Ok(page(&[1], "a", true)),
        Ok(page(&[2], "b", true)),
        Ok(page(&[3], "c", false)),
    ]);
    let feed = feed(&issuer);
    follow(&feed, SECOND / 2).await;
    assert!((1..=3).all(|number| feed.has_ended(id(number))));
    assert_eq!(issuer.queries(), ["", "since=a", "since=b"]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_list_is_not_read_without_a_pause() {
    let issuer = Issuer::default();
    issuer.answer([Ok(page(&[1], "a", true))]);
    let feed = feed(&issuer);
    follow(&feed, SECOND / 2).await;
    assert_eq!((issuer.asked(), feed.age()), (MOST_PAGES, None));
}

#[tokio::test(start_paused = true)]
async fn a_failed_poll_is_retried_and_the_age_grows() {
    let issuer = Issuer::default();
    issuer.answer([Ok(page(&[1], "a", false)), Err(503)]);
    let feed = feed(&issuer);
    follow(&feed, Duration::from_mins(5)).await;
    assert!(feed.has_ended(id(1)));
    assert_eq!(feed.age(), Some(Duration::from_mins(5)));
    let moments = issuer.moments();
    let pauses: Vec<_> = moments.windows(2).map(|two| two[1] - two[0]).collect();
    for (pause, bound) in pauses.iter().zip([1, 1, 2, 4, 8, 16, 30, 30]) {
        let bound = Duration::from_secs(bound);
        assert!(*pause >= bound / 2 && *pause <= bound + SECOND / 100, "{pause:?} of {bound:?}");
    }
    // The cursor is kept.
    assert!(issuer.queries()[1..].iter().all(|query| query == "since=a"));
}

#[tokio::test(start_paused = true)]
async fn a_success_resets_the_backoff() {
    let issuer = Issuer::default();
    let good = || Ok(page(&[], "a", false));
    issuer.answer([Err(503), Err(503), Err(503), Err(503), good(), Err(503), good()]);
    follow(&feed(&issuer), Duration::from_mins(1)).await;
    let moments = issuer.moments();
    assert!(moments[4] - moments[3] >= SECOND * 4);
    assert!(moments[6] - moments[5] <= SECOND * 11 / 10);
}

#[tokio::test(start_paused = true)]
async fn the_age_counts_from_the_request() {
    let issuer = Issuer::default();
    issuer.answer([Ok(page(&[], "a", false))]);
    issuer.take(SECOND * 3);
    let feed = feed(&issuer);
    follow(&feed, SECOND * 7 / 2).await;
    assert_eq!(feed.age(), Some(SECOND * 7 / 2));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_too_long_is_not_sent() {
    let issuer = Issuer::default();
    let pages = [LONGEST_CURSOR, LONGEST_CURSOR + 1, 1];
    issuer.answer(pages.map(|length| Ok(page(&[], &"a".repeat(length), false))));
    follow(&feed(&issuer), SECOND * 5 / 2).await;
    let lengths: Vec<_> = issuer.queries().iter().map(String::len).collect();
    assert_eq!(lengths, [0, "since=".len() + LONGEST_CURSOR, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_cursor_is_dropped() {
    let issuer = Issuer::default();
    issuer.answer([Ok(page(&[1], "a", false)), Err(410), Ok(page(&[2], "b", false))]);
    let feed = feed(&issuer);
    follow(&feed, SECOND * 4).await;
    assert_eq!(issuer.queries()[..4], ["", "since=a", "", "since=b"]);
    assert!(feed.has_ended(id(1)) && feed.has_ended(id(2)));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_response_is_a_failure() {
    for answer in ["", "[]", "{}", r#"{"sessions":["me"],"next":"a"}"#, r#"{"sessions":[]}"#] {
        let issuer = Issuer::default();
        issuer.answer([Ok(answer.to_owned())]);
        let feed = feed(&issuer);
        follow(&feed, SECOND / 4).await;
        assert_eq!(feed.age(), None, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_stored_for_the_longest_token_lifetime() {
    let issuer = Issuer::default();
    issuer.answer([Ok(page(&[1], "a", false)), Ok(page(&[], "b", false))]);
    let feed = feed(&issuer);
    follow(&feed, NEARLY).await;
    assert!(feed.has_ended(id(1)));
    follow(&feed, SECOND * 2).await;
    assert!(!feed.has_ended(id(1)));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_fit_waits_until_there_is_room() {
    let mut ended = Ended::new(KEPT, 3);
    ended.learn(&[id(1), id(2), id(1)], Instant::now()).unwrap();
    advance(SECOND).await;
    let full = ended.learn(&[id(2), id(3), id(4)], Instant::now());
    assert!(matches!(full, Err(FetchError::TooManySessions)));
    assert!(!ended.sessions.contains(&id(3)));
    ended.learn(&[id(1), id(2), id(3)], Instant::now()).unwrap();
    advance(NEARLY).await;
    ended.learn(&[id(4), id(5)], Instant::now()).unwrap();
    assert_eq!(ended.sessions, HashSet::from([id(3), id(4), id(5)]));
    assert_eq!(ended.heard.len(), 3);
}
