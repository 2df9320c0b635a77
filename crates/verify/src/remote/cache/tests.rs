//! Tests of the cache with a counting issuer and paused time.
#![expect(clippy::disallowed_methods, reason = "its tasks are waited for")]

use tokio::time::{advance, timeout};

use super::*;
use crate::fixture::{Issuer, Key, document};

const SECOND: Duration = Duration::from_secs(1);
/// A second before keys are refreshed, and a second before they are dropped.
const YOUNG: Duration = KEYS_AGED.saturating_sub(SECOND);
const LAST: Duration = KEYS_KEPT.saturating_sub(SECOND);

fn cache(issuer: &Issuer) -> Arc<KeyCache> {
    Arc::new(KeyCache::new(Arc::new(issuer.clone()), "https://id.example.com/keys".to_owned()))
}

/// Returns `true` if the cache has a key.
async fn knows(cache: &Arc<KeyCache>, key: &Key) -> bool {
    let keys = cache.keys_for(&key.kid).await;
    keys.is_ok_and(|keys| keys.find(&key.kid).is_some())
}

/// Lets a background fetch finish.
async fn land(cache: &Arc<KeyCache>) {
    let flight = cache.state().flight.clone();
    if let Some(mut flight) = flight {
        let _ = flight.changed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_keys_are_fetched_for_the_first_token_and_kept_for_the_others() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    let cache = cache(&issuer);
    assert_eq!((issuer.asked(), cache.age()), (0, None));
    assert!(knows(&cache, &key).await);
    advance(YOUNG).await;
    for _ in 0..1000 {
        assert!(knows(&cache, &key).await);
    }
    assert_eq!((issuer.asked(), cache.age()), (1, Some(YOUNG)));
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_share_one_fetch() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    issuer.take(SECOND);
    let cache = cache(&issuer);
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let (cache, key) = (Arc::clone(&cache), key.clone());
            tokio::spawn(async move { knows(&cache, &key).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_fetch_is_not_repeated() {
    let (key, foreign) = (Key::generate(), Key::generate());
    let issuer = Issuer::publishing(&[&key]);
    issuer.take(DEADLINE);
    let cache = cache(&issuer);
    assert!(timeout(UNKNOWN_KEY_PAUSE, knows(&cache, &key)).await.is_err());
    assert!(timeout(SECOND / 2, knows(&cache, &foreign)).await.is_err());
    assert!(knows(&cache, &key).await);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_caller_does_not_cancel_the_fetch() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    issuer.take(SECOND);
    let cache = cache(&issuer);
    assert!(timeout(SECOND / 2, knows(&cache, &key)).await.is_err());
    assert!(knows(&cache, &key).await);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let (old, new) = (Key::generate(), Key::generate());
    let issuer = Issuer::publishing(&[&old]);
    let cache = cache(&issuer);
    assert!(knows(&cache, &old).await);
    issuer.publish(&[&old, &new]);
    // Not before the minimum pause is over.
    assert!(!knows(&cache, &new).await);
    assert_eq!(issuer.asked(), 1);
    advance(UNKNOWN_KEY_PAUSE).await;
    assert!(knows(&cache, &new).await);
    assert!(knows(&cache, &old).await);
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_causes_one_fetch_per_pause() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    let cache = cache(&issuer);
    let (foreign, started) = (Key::generate(), Instant::now());
    while started.elapsed() < Duration::from_mins(1) {
        for _ in 0..20 {
            assert!(!knows(&cache, &foreign).await);
        }
        assert!(knows(&cache, &key).await);
        advance(SECOND / 10).await;
    }
    let moments = issuer.moments();
    assert!(moments.windows(2).all(|two| two[1] - two[0] >= UNKNOWN_KEY_PAUSE));
    assert_eq!(moments.len(), 15);
}

#[tokio::test(start_paused = true)]
async fn old_keys_are_refreshed_without_waiting() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    let cache = cache(&issuer);
    assert!(knows(&cache, &key).await);
    issuer.take(SECOND);
    advance(KEYS_AGED).await;
    let asked_at = Instant::now();
    for _ in 0..10 {
        assert!(knows(&cache, &key).await);
    }
    assert_eq!(asked_at.elapsed(), Duration::ZERO);
    land(&cache).await;
    // The age counts from the request, not the response.
    assert_eq!((issuer.asked(), cache.age()), (2, Some(SECOND)));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_no_longer_listed_is_dropped_at_the_next_fetch() {
    let (old, new) = (Key::generate(), Key::generate());
    let issuer = Issuer::publishing(&[&old, &new]);
    let cache = cache(&issuer);
    assert!(knows(&cache, &old).await);
    issuer.publish(&[&new]);
    // After hours without requests, the first token already uses the new list.
    advance(Duration::from_hours(3)).await;
    assert!(!knows(&cache, &old).await);
    assert!(knows(&cache, &new).await);
}

#[tokio::test(start_paused = true)]
async fn under_traffic_a_retired_key_is_accepted_for_five_minutes_at_most() {
    let (old, new) = (Key::generate(), Key::generate());
    let issuer = Issuer::publishing(&[&old, &new]);
    issuer.take(SECOND);
    let cache = cache(&issuer);
    assert!(knows(&cache, &old).await);
    issuer.publish(&[&new]);
    let retired_at = Instant::now();
    while knows(&cache, &old).await {
        advance(SECOND).await;
    }
    assert!(retired_at.elapsed() <= KEYS_STALE, "{:?}", retired_at.elapsed());
}

#[tokio::test(start_paused = true)]
async fn keys_survive_an_outage_without_waiting_for_the_issuer() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    let cache = cache(&issuer);
    assert!(knows(&cache, &key).await);
    issuer.fail();
    issuer.take(DEADLINE);
    let outage = Instant::now();
    while outage.elapsed() < Duration::from_hours(1) {
        let arrived = Instant::now();
        assert!(knows(&cache, &key).await);
        assert_eq!(arrived.elapsed(), Duration::ZERO);
        advance(SECOND).await;
    }
    issuer.publish(&[&key]);
    let back = Instant::now();
    while cache.age() > Some(KEYS_STALE) {
        assert!(back.elapsed() < Duration::from_secs(45));
        assert!(knows(&cache, &key).await);
        advance(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_retired_key_is_dropped_45_seconds_after_an_outage() {
    // Regardless of the randomness of pauses and of how rarely tokens arrive.
    for gap in [1, 7, 20, 39, 44] {
        let (old, new) = (Key::generate(), Key::generate());
        let issuer = Issuer::publishing(&[&old, &new]);
        let cache = cache(&issuer);
        assert!(knows(&cache, &old).await);
        issuer.fail();
        let outage = Instant::now();
        while outage.elapsed() < Duration::from_mins(20) {
            assert!(knows(&cache, &old).await);
            advance(SECOND).await;
        }
        issuer.publish(&[&new]);
        let back = Instant::now();
        loop {
            advance(Duration::from_secs(gap)).await;
            let arrived = back.elapsed();
            if !knows(&cache, &old).await {
                break;
            }
            assert!(arrived < Duration::from_secs(45), "{arrived:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_to_a_failing_issuer_back_off() {
    let issuer = Issuer::default();
    issuer.fail();
    let cache = cache(&issuer);
    let (key, started) = (Key::generate(), Instant::now());
    while started.elapsed() < Duration::from_mins(10) {
        let refused = cache.keys_for(&key.kid).await.unwrap_err();
        let RemoteError::NoKeys { retry_after, cause: Some(cause) } = refused else {
            panic!("{refused:?}")
        };
        assert!(retry_after >= SECOND && retry_after <= LONGEST);
        assert!(matches!(*cause, FetchError::Status(500)));
        advance(SECOND / 10).await;
    }
    let moments = issuer.moments();
    let pauses: Vec<_> = moments.windows(2).map(|two| two[1] - two[0]).collect();
    for (pause, bound) in pauses.iter().zip([1, 2, 4, 8, 16, 30, 30, 30]) {
        let bound = Duration::from_secs(bound);
        assert!(*pause >= bound / 2 && *pause <= bound + SECOND / 5, "{pause:?} of {bound:?}");
    }
    // At most half a minute and at least a quarter.
    assert!((20..=44).contains(&moments.len()), "{}", moments.len());
}

#[tokio::test(start_paused = true)]
async fn a_success_resets_the_backoff() {
    let key = Key::generate();
    let issuer = Issuer::default();
    let cache = cache(&issuer);
    for _ in 0..6 {
        assert!(!knows(&cache, &key).await);
        advance(LONGEST).await;
    }
    issuer.publish(&[&key]);
    assert!(knows(&cache, &key).await);
    issuer.fail();
    advance(KEYS_KEPT).await;
    assert!(!knows(&cache, &key).await);
    issuer.publish(&[&key]);
    advance(SECOND).await;
    assert!(knows(&cache, &key).await);
}

#[tokio::test(start_paused = true)]
async fn keys_are_dropped_after_an_outage_longer_than_any_token() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    let cache = cache(&issuer);
    assert!(knows(&cache, &key).await);
    issuer.fail();
    advance(LAST).await;
    assert!(knows(&cache, &key).await);
    advance(SECOND).await;
    assert!(cache.keys_for(&key.kid).await.is_err());
    assert_eq!(cache.age(), None);
    issuer.publish(&[&key]);
    advance(LONGEST).await;
    assert!(knows(&cache, &key).await);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_response_does_not_replace_the_keys() {
    let key = Key::generate();
    let issuer = Issuer::publishing(&[&key]);
    let cache = cache(&issuer);
    assert!(knows(&cache, &key).await);
    for nonsense in ["", "{}", "<html>", r#"{"keys":[]}"#, &document(&[&key])[1..]] {
        issuer.answer([Ok(nonsense.to_owned())]);
        advance(KEYS_STALE + LONGEST).await;
        let asked = issuer.asked();
        assert!(knows(&cache, &key).await, "{nonsense}");
        land(&cache).await;
        assert_eq!(issuer.asked(), asked + 1);
    }
}
