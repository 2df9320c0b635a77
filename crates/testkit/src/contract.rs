//! The contract of stores: one test per sentence of the port documentation.
//!
//! A contract test is a function that takes an empty store and panics if the store violates it.
//! [`store_contract!`](crate::store_contract) and [`store_races!`](crate::store_races) generate the
//! tests of an adapter. The macros take a function that creates a fixture: a value with
//! `store(&self) -> Arc<dyn Store>`, which is passed to `close(self)` after the test.
#![expect(clippy::missing_panics_doc, reason = "contract tests panic on failure")]

use std::time::Duration;

/// Begins a unit, calls a method, commits, and returns the method's result.
macro_rules! commit {
    ($store:expr, $verb:ident($($argument:expr),* $(,)?)) => {{
        let mut unit = $store.begin().await.unwrap();
        let answer = unit.$verb($($argument),*).await.unwrap();
        unit.commit().await.unwrap();
        answer
    }};
}

/// Repeats a read until it returns `Some`, for changes that a store may apply later: a database
/// server rolls back a dropped unit asynchronously.
async fn soon<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let answered = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), answered).await.expect("timeout")
}

pub mod audit;
pub mod changes;
pub mod credentials;
pub mod ended;
pub mod given;
pub mod installation;
pub mod mails;
pub mod outbox;
pub mod races;
pub mod resets;
pub mod sessions;
pub mod sign_in_failures;
pub mod stats;
pub mod units;
pub mod users;

/// Generates the contract tests of a store.
#[macro_export]
macro_rules! store_contract {
    ($fresh:path) => {
        $crate::store_contract! { @each $fresh:
            units {
                a_reachable_store_is_reported
                nothing_is_visible_before_the_commit
                a_dropped_unit_is_rolled_back
                a_commit_stores_all_writes_of_the_unit
                a_commit_is_finished_though_its_caller_stopped_waiting
                times_are_stored_to_the_microsecond
            }
            users {
                a_user_is_found_by_id
                a_user_is_found_by_address_with_and_without_a_password
                users_are_listed_in_the_order_of_their_creation
                a_list_continues_after_an_id_and_ends_at_the_limit
                administrators_can_be_listed_alone
                users_are_found_by_a_part_of_their_address_or_username
                no_character_of_a_filter_is_a_wildcard
                a_filtered_list_continues_after_an_id
                a_taken_address_is_reported_and_changes_nothing
                a_taken_username_is_reported_and_changes_nothing
                a_unit_stays_usable_after_a_taken_address_or_username
                incrementing_the_credentials_version_ends_sessions_and_links
                a_credentials_version_is_not_incremented_from_another_one
                the_credentials_version_of_an_unknown_user_is_not_incremented
                all_sessions_and_links_of_all_users_are_revoked
                a_user_is_deactivated_and_activated
                administrator_rights_are_granted_and_revoked
                a_language_is_set_and_replaced
                locked_users_are_returned_in_order_without_deleted_ones
                a_user_is_deleted_with_their_data
                deleting_an_unknown_user_is_reported
            }
            credentials {
                a_password_is_set_or_replaced
                a_password_is_found_by_its_user
                a_hash_is_replaced_by_a_better_one
                a_hash_that_has_changed_is_not_replaced
            }
            sessions {
                a_session_is_found_with_its_user
                a_browser_session_is_found_by_its_key
                a_session_is_found_by_its_refresh_token_family
                sessions_are_listed_latest_used_first
                the_time_of_use_is_never_set_back
                an_ended_session_is_not_updated
                a_renewed_session_has_another_key_and_authentication_time
                a_session_of_another_credentials_version_is_not_renewed
                a_refresh_token_is_exchanged_for_its_successor
                only_the_current_refresh_token_is_exchanged
                a_session_without_a_user_is_not_added
                a_session_ends_once
                the_kept_session_gets_the_new_credentials_version
                a_session_of_another_user_cannot_be_kept
                all_sessions_of_a_user_end
                the_newest_sessions_are_kept
            }
            changes {
                all_changes_of_a_unit_are_seen_by_the_next_read
            }
            ended {
                sessions_ended_by_each_method_are_listed
                sessions_of_a_deleted_user_and_of_all_users_are_listed
                a_rolled_back_end_is_not_listed
                a_list_of_ended_sessions_continues_after_an_entry
                ended_sessions_are_purged_in_batches
                a_session_of_an_older_credentials_version_is_listed
            }
            sign_in_failures {
                wrong_passwords_are_counted_across_networks
                wrong_passwords_are_found_by_address_and_network
                an_earlier_wrong_password_does_not_become_the_last
                the_count_of_an_idle_network_starts_again
                reset_counts_are_zero
                addresses_with_and_without_an_account_are_counted_alike
                the_count_of_a_deleted_user_is_deleted
                purging_deletes_counts_last_changed_before
                purging_keeps_the_counts_of_accounts
                counts_are_purged_in_batches
                purging_ends_though_accounts_are_skipped
            }
            resets {
                a_request_is_stored_with_or_without_an_account
                a_request_needs_no_unit
                a_request_is_written_though_its_caller_stopped_waiting
                requests_are_taken_oldest_first
                a_rollback_puts_a_request_back
                recent_resets_are_newest_first
                a_reset_is_found_with_its_user
                a_reset_supersedes_all_earlier_ones
                a_reset_supersedes_none_of_other_users
                a_reset_without_a_user_is_not_added
                a_reset_is_used_once
                an_unknown_reset_is_not_used
                a_superseded_reset_is_not_used
                an_expired_reset_is_not_used
                a_reset_of_an_inactive_user_is_not_used
                a_reset_of_another_credentials_version_is_not_used
                a_reset_of_another_address_is_not_used
            }
            outbox {
                a_mail_is_due_at_once_and_read_as_it_was_written
                a_mail_that_is_not_due_is_not_claimed
                a_claimed_mail_is_not_claimed_again_until_its_lease_ends
                the_longest_overdue_is_claimed_first_and_at_most_the_limit
                each_claim_counts_an_attempt
                a_finished_mail_is_never_claimed_again
                a_mail_to_be_retried_is_due_at_its_time
                settling_ends_the_claim
                only_the_latest_claim_settles
                a_late_worker_settles_if_no_other_has_claimed
                purging_deletes_only_what_ended_before
                purging_is_done_in_batches
                purging_keeps_everything_that_is_still_valid
            }
            mails {
                mails_are_listed_newest_first
                a_list_of_mails_continues_before_an_id_and_ends_at_the_limit
                a_record_shows_the_state_of_its_mail
                a_record_shows_the_result_of_its_mail
                a_mail_in_any_state_is_made_due_again
                a_mail_that_is_being_sent_is_not_made_due
                a_deleted_mail_is_not_made_due
            }
            audit {
                an_event_is_read_as_it_was_written
                events_are_listed_newest_first
                a_list_of_events_continues_before_an_id_and_ends_at_the_limit
                events_can_be_listed_by_user
                an_event_stays_when_its_account_is_deleted
                purging_deletes_events_from_before
                events_are_purged_in_batches
            }
            stats {
                stored_things_are_counted
                an_expired_session_is_not_counted
                the_due_time_of_the_longest_overdue_mail_is_returned
            }
            installation {
                smtp_settings_are_read_as_they_were_saved
                smtp_settings_replace_the_earlier_ones_and_their_test
                an_unsealed_password_is_not_stored
                a_test_is_stored_with_its_settings
                a_test_of_replaced_settings_is_not_stored
                a_setup_link_is_valid_until_it_expires
                a_setup_link_replaces_the_earlier_one
                a_setup_link_is_used_once
                an_unknown_setup_link_is_not_used
                an_expired_setup_link_is_not_used
                a_rollback_makes_a_setup_link_valid_again
            }
        }
    };
    (@each $fresh:path: $($group:ident { $($rule:ident)* })*) => { $($(
        #[tokio::test]
        async fn $rule() {
            let fixture = $fresh().await;
            $crate::contract::$group::$rule(&*fixture.store()).await;
            fixture.close().await;
        }
    )*)* };
}

/// Generates the contract tests of a store that need several concurrent units.
#[macro_export]
macro_rules! store_races {
    ($fresh:path) => {
        $crate::store_races! { @each $fresh:
            users {
                one_of_many_units_increments_a_credentials_version
                one_of_many_units_inserts_an_address
                one_of_many_units_inserts_a_username
                a_unit_that_loses_a_race_stays_usable
                locked_users_change_in_one_unit_at_a_time
                one_of_many_units_replaces_a_hash
                a_commit_becomes_visible_atomically
            }
            sessions {
                no_session_is_left_of_a_deleted_user
                no_session_is_renewed_after_its_end
                of_many_units_that_keep_a_session_one_is_left
                one_of_many_units_exchanges_a_refresh_token
                no_concurrent_read_returns_stale_data_later
            }
            sign_in_failures {
                each_wrong_password_is_counted
                each_wrong_password_is_reset_once
                nothing_is_counted_while_a_unit_resets
                units_of_the_same_account_do_not_deadlock
                a_user_is_deleted_while_passwords_are_tried
            }
            resets {
                one_of_many_units_uses_a_reset
                either_a_reset_or_a_change_of_password_wins
                each_request_is_taken_once
                many_requests_are_each_stored_once
                one_of_many_units_issues_a_reset
            }
            mails {
                each_mail_is_claimed_once
                a_mail_made_due_concurrently_is_claimed_once
            }
            installation {
                one_of_many_units_uses_a_setup_link
                a_test_and_a_replacement_can_be_concurrent
            }
        }
    };
    (@each $fresh:path: $($group:ident { $($rule:ident)* })*) => { $($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $rule() {
            let fixture = $fresh().await;
            $crate::contract::races::$group::$rule(fixture.store()).await;
            fixture.close().await;
        }
    )*)* };
}

#[cfg(test)]
mod tests {
    /// A contract test that is not listed is never run.
    #[test]
    fn each_contract_test_is_listed() {
        let lists = include_str!("contract.rs");
        for file in [
            include_str!("contract/audit.rs"),
            include_str!("contract/stats.rs"),
            include_str!("contract/changes.rs"),
            include_str!("contract/credentials.rs"),
            include_str!("contract/ended.rs"),
            include_str!("contract/sign_in_failures.rs"),
            include_str!("contract/installation.rs"),
            include_str!("contract/mails.rs"),
            include_str!("contract/outbox.rs"),
            include_str!("contract/races/sign_in_failures.rs"),
            include_str!("contract/races/installation.rs"),
            include_str!("contract/races/mails.rs"),
            include_str!("contract/races/resets.rs"),
            include_str!("contract/races/sessions.rs"),
            include_str!("contract/races/users.rs"),
            include_str!("contract/resets.rs"),
            include_str!("contract/sessions.rs"),
            include_str!("contract/units.rs"),
            include_str!("contract/users.rs"),
        ] {
            for declaration in file.split("\npub async fn ").skip(1) {
                let (rule, _) = declaration.split_once('(').unwrap();
                let line = format!(" {rule}\n");
                assert!(lists.contains(&line), "{rule}");
            }
        }
    }
}
