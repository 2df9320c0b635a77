//! What every store must do: one rule per sentence of the port documentation.
//!
//! A rule is a function that takes an empty store and panics when the store breaks it.
//! [`store_contract!`](crate::store_contract) and [`store_races!`](crate::store_races) turn the
//! rules into tests of one adapter. Both take a function that makes a fixture: anything with
//! `store(&self) -> Arc<dyn Store>`, kept alive until the rule has passed, and then given to
//! `close(self)`.
#![expect(clippy::missing_panics_doc, reason = "a broken rule panics; that is what rules are for")]

use std::time::Duration;

/// Opens a unit, uses one verb, commits, and gives the verb's answer.
macro_rules! commit {
    ($store:expr, $verb:ident($($argument:expr),* $(,)?)) => {{
        let mut unit = $store.begin().await.unwrap();
        let answer = unit.$verb($($argument),*).await.unwrap();
        unit.commit().await.unwrap();
        answer
    }};
}

/// Asks until there is an answer, for what a store may do a moment later: a server discards a
/// dropped unit only when it hears of it.
async fn soon<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let answered = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), answered).await.expect("it happens soon")
}

pub mod audit;
pub mod census;
pub mod changes;
pub mod credentials;
pub mod ended;
pub mod failures;
pub mod given;
pub mod installation;
pub mod mails;
pub mod outbox;
pub mod races;
pub mod resets;
pub mod sessions;
pub mod units;
pub mod users;

/// Lists every rule as a test of one store.
#[macro_export]
macro_rules! store_contract {
    ($fresh:path) => {
        $crate::store_contract! { @each $fresh:
            units {
                a_reachable_store_answers
                nothing_is_visible_before_the_commit
                a_dropped_unit_leaves_no_trace
                a_commit_keeps_everything_the_unit_wrote
                a_commit_is_finished_though_nobody_waits_for_it
                times_are_kept_to_the_microsecond
            }
            users {
                a_user_is_found_by_id
                a_user_is_found_by_address_with_and_without_a_password
                users_are_listed_in_the_order_of_their_creation
                a_list_continues_after_an_id_and_ends_at_the_limit
                administrators_can_be_listed_alone
                users_are_found_by_a_part_of_their_address_or_name
                no_character_of_a_filter_stands_for_another
                a_filtered_list_continues_too
                a_taken_address_is_reported_and_changes_nothing
                a_taken_name_is_reported_and_changes_nothing
                a_unit_stays_usable_after_a_taken_address_or_name
                advancing_the_epoch_ends_sessions_and_links
                an_epoch_is_not_advanced_from_another_one
                the_epoch_of_nobody_is_not_advanced
                everything_issued_to_anybody_is_ended
                a_user_is_deactivated_and_activated
                a_user_is_given_rights_and_loses_them
                a_user_is_given_a_language_and_another
                locked_users_are_given_in_order_and_without_those_who_are_gone
                a_deleted_user_takes_everything_along
                deleting_nobody_is_reported
            }
            credentials {
                a_password_is_set_whether_there_was_one_or_not
                a_password_is_found_by_its_user
                a_hash_is_replaced_by_a_better_one
                a_hash_that_has_changed_is_not_replaced
            }
            sessions {
                a_session_is_found_with_its_user
                a_browser_session_is_found_by_its_key
                a_refreshed_session_is_found_by_its_family
                sessions_are_listed_the_one_seen_last_first
                a_session_is_touched_forwards_only
                a_session_that_ended_is_not_touched
                a_renewed_session_has_another_key_and_a_fresh_proof
                a_session_of_another_epoch_is_not_renewed
                a_refresh_token_is_exchanged_for_its_successor
                only_the_refresh_token_that_works_is_exchanged
                a_session_of_nobody_is_not_added
                a_session_ends_once
                the_kept_session_lives_on_in_the_new_epoch
                somebody_elses_session_cannot_be_kept
                all_sessions_of_a_user_end
                the_newest_sessions_are_kept
            }
            changes {
                whatever_a_unit_changes_is_seen_by_the_next_read
            }
            ended {
                every_session_that_a_verb_ends_is_listed
                sessions_of_a_deleted_user_and_of_everybody_are_listed
                a_dropped_end_is_not_listed
                a_list_of_ended_sessions_continues_after_its_last
                ended_sessions_are_forgotten_in_batches
                a_session_that_a_change_has_overtaken_is_listed
            }
            failures {
                wrong_passwords_are_counted_from_everywhere_together
                wrong_passwords_are_found_by_address_and_network
                an_earlier_wrong_password_does_not_become_the_last
                a_network_that_kept_quiet_begins_anew
                forgotten_wrong_passwords_are_gone
                accounts_and_strangers_are_counted_alike
                the_wrong_passwords_for_a_deleted_user_are_gone
                purging_deletes_counts_that_were_last_raised_before
                purging_leaves_the_counts_of_accounts
                counts_are_purged_in_batches
                purging_ends_though_accounts_are_passed_over
            }
            resets {
                a_request_is_kept_whoever_it_is_for
                a_request_needs_no_unit
                a_request_is_written_though_nobody_waits_for_it
                requests_are_taken_oldest_first
                a_request_whose_taker_gave_up_is_back
                recent_resets_are_newest_first
                a_reset_is_found_with_its_user
                a_reset_supersedes_all_earlier_ones
                a_reset_supersedes_nobody_elses
                a_reset_for_nobody_is_not_added
                a_reset_is_spent_once
                an_unknown_reset_is_not_spent
                a_superseded_reset_is_not_spent
                an_expired_reset_is_not_spent
                a_reset_of_an_inactive_user_is_not_spent
                a_reset_of_another_epoch_is_not_spent
                a_reset_of_another_address_is_not_spent
            }
            outbox {
                a_mail_is_due_at_once_and_comes_back_as_it_was
                a_mail_that_is_not_due_is_not_claimed
                a_claimed_mail_is_left_alone_until_its_lease_has_run_out
                the_longest_due_is_claimed_first_and_never_more_than_the_limit
                every_claim_counts_an_attempt
                a_finished_mail_is_never_claimed_again
                a_mail_to_be_retried_comes_back_at_its_time
                settling_ends_the_claim
                only_the_latest_claim_settles
                a_late_worker_settles_if_nobody_else_has_claimed
                purging_deletes_what_ended_before
                purging_is_done_in_batches
                purging_touches_nothing_that_still_works
            }
            mails {
                mails_are_listed_newest_first
                a_list_of_mails_continues_before_an_id_and_ends_at_the_limit
                a_record_follows_its_mail
                a_record_says_how_its_mail_ended
                a_mail_is_made_due_again_whatever_became_of_it
                a_mail_that_is_being_sent_is_not_made_due
                a_mail_that_is_gone_is_not_made_due
            }
            audit {
                an_event_comes_back_as_it_was
                events_are_listed_newest_first
                a_list_of_events_continues_before_an_id_and_ends_at_the_limit
                events_of_one_user_can_be_listed_alone
                an_event_outlives_its_account
                purging_deletes_events_from_before
                events_are_purged_in_batches
            }
            census {
                what_there_is_is_counted
                a_session_that_has_expired_is_not_counted
                the_mail_that_is_due_longest_says_since_when
            }
            installation {
                a_relay_comes_back_as_it_was_saved
                a_relay_replaces_the_earlier_one_and_its_test
                a_bare_password_is_not_kept
                a_test_is_kept_beside_its_description
                a_test_of_another_description_is_not_kept
                a_setup_link_lives_until_it_expires
                a_setup_link_replaces_the_earlier_one
                a_setup_link_is_spent_once
                an_unknown_setup_link_is_not_spent
                an_expired_setup_link_is_not_spent
                a_setup_link_whose_spender_gave_up_still_works
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

/// Lists the rules that need several units at once as tests of one store.
#[macro_export]
macro_rules! store_races {
    ($fresh:path) => {
        $crate::store_races! { @each $fresh:
            users {
                one_of_many_units_advances_an_epoch
                one_of_many_units_inserts_an_address
                one_of_many_units_inserts_a_name
                a_unit_that_loses_a_race_stays_usable
                locked_users_change_in_one_unit_at_a_time
                one_of_many_units_replaces_a_hash
                a_commit_becomes_visible_at_once
            }
            sessions {
                no_session_outlives_its_user
                no_session_is_renewed_after_its_end
                of_many_units_that_keep_a_session_each_one_does
                one_of_many_units_exchanges_a_refresh_token
                no_read_brings_back_what_has_changed
            }
            failures {
                each_wrong_password_is_counted
                each_wrong_password_is_forgotten_once
                nothing_is_counted_behind_the_back_of_who_forgets
                units_about_one_account_come_one_after_the_other
                a_user_is_deleted_while_others_guess
            }
            resets {
                one_of_many_units_spends_a_reset
                either_a_reset_or_a_change_of_password_wins
                each_request_is_taken_once
                many_requests_are_each_kept_once
                one_of_many_units_issues_a_reset
            }
            mails {
                each_mail_is_claimed_once
                a_mail_that_many_make_due_is_claimed_once
            }
            installation {
                one_of_many_units_spends_a_setup_link
                a_test_and_a_replacement_go_together
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
    /// A rule that is in no list is a rule that nobody checks.
    #[test]
    fn every_rule_is_listed() {
        let lists = include_str!("contract.rs");
        for file in [
            include_str!("contract/audit.rs"),
            include_str!("contract/census.rs"),
            include_str!("contract/changes.rs"),
            include_str!("contract/credentials.rs"),
            include_str!("contract/ended.rs"),
            include_str!("contract/failures.rs"),
            include_str!("contract/installation.rs"),
            include_str!("contract/mails.rs"),
            include_str!("contract/outbox.rs"),
            include_str!("contract/races/failures.rs"),
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
