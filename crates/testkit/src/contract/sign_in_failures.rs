//! Tests of [`SignInFailureStore`](vestibule_domain::ports::SignInFailureStore) and of finding wrong passwords.

use time::{Duration, OffsetDateTime};
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::sign_in_failures::FailureCount;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::given::{self, address, network};

const HERE: &str = "192.0.2.1";
const THERE: &str = "2001:db8::7";
const ELSEWHERE: &str = "198.51.100.9";

fn at(minutes: i64) -> OffsetDateTime {
    given::noon() + Duration::minutes(minutes)
}

/// Counts a wrong password, without expiry of the network's count, and returns the number.
async fn count(store: &dyn Store, tried: &EmailKey, ip: &str, now: OffsetDateTime) -> u32 {
    commit!(store, count_failure(tried, network(ip), now, at(-1_000_000)))
}

async fn find(store: &dyn Store, tried: &EmailKey, ip: &str) -> (u32, u32, Option<OffsetDateTime>) {
    let found = store.find_failures(tried, network(ip)).await.unwrap();
    (found.total, found.from_network, found.last_from_network)
}

/// "Counts a wrong password for an address from a network. Returns the number of them in a row from
/// all networks, this one included."
pub async fn wrong_passwords_are_counted_across_networks(store: &dyn Store) {
    let (anna, berta) = (address("anna"), address("berta"));
    for (ip, total) in [(HERE, 1), (HERE, 2), (THERE, 3), (ELSEWHERE, 4), (HERE, 5)] {
        assert_eq!(count(store, &anna, ip, at(0)).await, total);
    }
    assert_eq!(count(store, &berta, HERE, at(0)).await, 1);
}

/// "Returns the number of wrong passwords in a row for an address, in all and from a network."
pub async fn wrong_passwords_are_found_by_address_and_network(store: &dyn Store) {
    let (anna, berta) = (address("anna"), address("berta"));
    let nothing = store.find_failures(&anna, network(HERE)).await.unwrap();
    assert_eq!(nothing, FailureCount::default());
    for (minute, ip) in (0..).zip([HERE, THERE, HERE]) {
        count(store, &anna, ip, at(minute)).await;
    }
    count(store, &berta, ELSEWHERE, at(9)).await;
    assert_eq!(find(store, &anna, HERE).await, (3, 2, Some(at(2))));
    assert_eq!(find(store, &anna, THERE).await, (3, 1, Some(at(1))));
    assert_eq!(find(store, &anna, ELSEWHERE).await, (3, 0, None));
    assert_eq!(find(store, &berta, HERE).await, (1, 0, None));
    // Neighbouring IPv6 addresses share a network, and so do clients without an address.
    assert_eq!(find(store, &anna, "2001:db8::8").await, (3, 1, Some(at(1))));
    assert_eq!(find(store, &anna, "").await, (3, 0, None));
    count(store, &anna, "", at(4)).await;
    assert_eq!(find(store, &anna, "").await, (4, 1, Some(at(4))));
}

/// The clocks of nodes differ a little: the latest time is kept.
pub async fn an_earlier_wrong_password_does_not_become_the_last(store: &dyn Store) {
    let anna = address("anna");
    count(store, &anna, HERE, at(5)).await;
    count(store, &anna, HERE, at(4)).await;
    assert_eq!(find(store, &anna, HERE).await, (2, 2, Some(at(5))));
    // The time of the count of all networks is not set back either.
    count(store, &anna, THERE, at(3)).await;
    commit!(store, purge_failures(at(5), 100));
    assert_eq!(find(store, &anna, HERE).await, (3, 2, Some(at(5))));
}

/// "The count of a network starts again if its last one was before `since`; the count of all
/// networks continues."
pub async fn the_count_of_an_idle_network_starts_again(store: &dyn Store) {
    let anna = address("anna");
    for ip in [HERE, HERE, THERE] {
        count(store, &anna, ip, at(0)).await;
    }
    let after = |since| commit_after(store, &anna, since);
    assert_eq!(after(at(0)).await, 4);
    assert_eq!(find(store, &anna, HERE).await, (4, 3, Some(at(60))));
    assert_eq!(after(at(60) + Duration::MICROSECOND).await, 5);
    assert_eq!(find(store, &anna, HERE).await, (5, 1, Some(at(60))));
    assert_eq!(find(store, &anna, THERE).await, (5, 1, Some(at(0))));
}

async fn commit_after(store: &dyn Store, tried: &EmailKey, since: OffsetDateTime) -> u32 {
    commit!(store, count_failure(tried, network(HERE), at(60), since))
}

/// "Resets the count of an address from all networks together, and that of `network` if given. …
/// The counts of other networks stay."
pub async fn reset_counts_are_zero(store: &dyn Store) {
    let (anna, berta) = (address("anna"), address("berta"));
    for ip in [HERE, HERE, THERE] {
        count(store, &anna, ip, at(0)).await;
        count(store, &berta, ip, at(0)).await;
    }
    assert_eq!(commit!(store, forget_failures(&anna, Some(network(HERE)))), 3);
    assert_eq!(find(store, &anna, HERE).await, (0, 0, None));
    assert_eq!(find(store, &anna, THERE).await, (0, 1, Some(at(0))));
    assert_eq!(commit!(store, forget_failures(&anna, Some(network(ELSEWHERE)))), 0);
    assert_eq!(find(store, &anna, THERE).await, (0, 1, Some(at(0))));
    assert_eq!(find(store, &anna, HERE).await, (0, 0, None));
    assert_eq!(count(store, &anna, HERE, at(1)).await, 1);
    assert_eq!(find(store, &anna, HERE).await, (1, 1, Some(at(1))));
    assert_eq!(find(store, &berta, HERE).await, (3, 2, Some(at(0))));

    // Also within one unit.
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.forget_failures(&anna, Some(network(HERE))).await.unwrap(), 1);
    let again = unit.count_failure(&anna, network(HERE), at(2), at(0)).await.unwrap();
    assert_eq!(again, 1);
    assert_eq!(unit.forget_failures(&anna, Some(network(HERE))).await.unwrap(), 1);
    unit.commit().await.unwrap();
    assert_eq!(find(store, &anna, HERE).await, (0, 0, None));
}

/// "Addresses without an account are counted as well", in the same way.
pub async fn addresses_with_and_without_an_account_are_counted_alike(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    for tried in [anna.email.key(), &address("unknown")] {
        assert_eq!(count(store, tried, HERE, at(0)).await, 1);
        assert_eq!(count(store, tried, THERE, at(1)).await, 2);
        assert_eq!(find(store, tried, THERE).await, (2, 1, Some(at(1))));
        assert_eq!(commit!(store, forget_failures(tried, None)), 2);
    }
}

/// "Deletes a user with their password, failure counts."
pub async fn the_count_of_a_deleted_user_is_deleted(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    for user in [&anna, &berta] {
        count(store, user.email.key(), HERE, at(0)).await;
    }
    commit!(store, delete_user(given::user("unknown").id, given::noon()));
    assert_eq!(find(store, anna.email.key(), HERE).await, (1, 1, Some(at(0))));
    commit!(store, delete_user(anna.id, given::noon()));
    // The counts of networks stay for a while, as if the account still existed.
    assert_eq!(find(store, anna.email.key(), HERE).await, (0, 1, Some(at(0))));
    assert_eq!(find(store, berta.email.key(), HERE).await, (1, 1, Some(at(0))));
}

/// "Deletes counts last changed before `before`."
pub async fn purging_deletes_counts_last_changed_before(store: &dyn Store) {
    let (early, late) = (address("early"), address("late"));
    count(store, &early, HERE, at(0)).await;
    count(store, &early, THERE, at(1)).await;
    count(store, &late, HERE, at(2)).await;
    commit!(store, purge_failures(at(1), 100));
    assert_eq!(find(store, &early, THERE).await, (2, 1, Some(at(1))));
    commit!(store, purge_failures(at(1) + Duration::MICROSECOND, 100));
    assert_eq!(find(store, &early, HERE).await, (0, 0, None));
    assert_eq!(find(store, &early, THERE).await, (0, 0, None));
    assert_eq!(find(store, &late, HERE).await, (1, 1, Some(at(2))));
}

/// "… addresses without an account."
pub async fn purging_keeps_the_counts_of_accounts(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let User { id, email, .. } = anna;
    count(store, email.key(), HERE, at(0)).await;
    // Also if repeated.
    for _ in 0..2 {
        assert!(!commit!(store, purge_failures(at(60), 100)));
        // The counts of networks are deleted for all addresses.
        assert_eq!(find(store, email.key(), HERE).await, (1, 0, None));
    }
    // Without an account, the count of the address is deleted.
    commit!(store, delete_user(id, given::noon()));
    count(store, email.key(), HERE, at(0)).await;
    commit!(store, purge_failures(at(60), 100));
    assert_eq!(find(store, email.key(), HERE).await, (0, 0, None));
}

/// "… at most `limit` networks, and of at most `limit` addresses … Returns `true` if there may be
/// more."
pub async fn counts_are_purged_in_batches(store: &dyn Store) {
    let without_account: Vec<_> = (0..5).map(|n| address(&format!("other{n}"))).collect();
    for tried in &without_account {
        count(store, tried, HERE, at(0)).await;
    }
    let left = async || {
        let mut left = 0;
        for tried in &without_account {
            left += find(store, tried, HERE).await.0;
        }
        left
    };
    for (more, expected) in [(true, 3), (true, 1), (false, 0), (false, 0)] {
        assert_eq!(commit!(store, purge_failures(at(60), 2)), more);
        assert_eq!(left().await, expected);
    }
}

/// "Returns `true` if there may be more", and `false` in the end, for any number of accounts.
pub async fn purging_ends_though_accounts_are_skipped(store: &dyn Store) {
    let mut without_account = Vec::new();
    for n in 0..6 {
        let name = format!("user{n}");
        let tried = address(&name);
        if n % 3 == 2 {
            without_account.push(tried.clone());
        } else {
            given::stored_user(store, &name).await;
        }
        count(store, &tried, HERE, at(n)).await;
    }
    let mut batches = 0;
    while commit!(store, purge_failures(at(60), 2)) {
        batches += 1;
        assert!(batches < 6);
    }
    for n in 0..6 {
        let tried = address(&format!("user{n}"));
        let expected = u32::from(!without_account.contains(&tried));
        assert_eq!(find(store, &tried, HERE).await.0, expected);
    }
}
