//! All experiments with their tests, and all mutants with the tests that must detect them.
//!
//! The tests describe the guarantees; `crates/server/src/faults.rs` describes the faults.

/// Folder of the tests, from the root.
#[cfg(test)]
pub(super) const TESTS: &str = "crates/server/tests/blackbox";
/// File with the faults, from the root.
#[cfg(test)]
pub(super) const FAULTS: &str = "crates/server/src/faults.rs";

/// An experiment.
pub(super) struct Experiment {
    pub(super) id: &'static str,
    /// Parts of the names of its tests.
    pub(super) tests: &'static [&'static str],
    /// `true` if it needs the feature `fault-injection`, for example to set the clock.
    pub(super) needs_fault_injection: bool,
}

const fn experiment(id: &'static str, tests: &'static [&'static str]) -> Experiment {
    Experiment { id, tests, needs_fault_injection: false }
}

/// All experiments, in the order in which they run.
pub(super) const EXPERIMENTS: &[Experiment] = &[
    experiment("E01", &[KILLS]),
    experiment("E02", &[RESETS, "a_reset_and_a_change_never_both_win"]),
    experiment("E03", &[RACING_SESSIONS]),
    experiment("E04a", &[SMTP_SERVER_DOWN]),
    experiment("E04b", &[SMTP_SERVER_DEFERS]),
    experiment("E04c", &[SMTP_SERVER_REFUSES]),
    experiment("E04d", &[CUTS]),
    experiment("E04e", &[TWO_WORKERS, KILLED_WORKERS]),
    experiment("E04f", &[PAUSED_WORKER]),
    experiment("E04g", &[DEAD_LINKS]),
    experiment("E04h", &[POISON]),
    experiment("E04i", &[LONG_QUEUE]),
    experiment(
        "E05",
        &[
            "forgetting_is_answered_alike_for_every_address",
            SIGN_IN_ANSWERS,
            LIMIT_ANSWERS,
            FORGOT_TIMES,
            SIGN_IN_TIMES,
        ],
    ),
    experiment("E06", &[CROWD, "at_ten_times_the_capacity_the_excess_is_refused"]),
    experiment(
        "E07",
        &[
            EXACTNESS,
            "an_act_and_a_client_have_limits_of_their_own",
            SPELLINGS,
            "the_networks_of_a_site_share_what_it_may",
            SPOOFS,
            WINDOW,
            "no_minute_on_three_nodes_holds_more_than_the_limit",
            "setting_the_clock_of_redis_neither_drops_nor_extends_a_limit",
            "any_number_of_clients_is_remembered_in_bounded_memory",
            "what_redis_remembers_of_a_client_is_small_and_expires",
        ],
    ),
    Experiment { id: "E07a", tests: &[DIFFERING_CLOCKS], needs_fault_injection: true },
    experiment("E08", &[LISTS, GUESSED_AT]),
    experiment("E09", &[REVOCATION]),
    experiment(
        "E10",
        &[
            KILLED_REDIS,
            "a_hanging_redis_is_not_used_until_it_recovers",
            "dropped_packets_to_redis_cost_one_timeout",
            "a_server_that_is_emptied_ends_no_session_and_no_limit",
            "nodes_start_without_redis_and_connect_later",
        ],
    ),
    experiment("E11", &[AWAY, SILENT, CUT_COMMITS]),
    experiment("E12", &[FAIL_OVER, FAIL_OVER_BEHIND]),
    experiment(
        "E13",
        &[ROLLING_RESTART, STOPS, "a_start_that_is_told_to_stop_ends_in_order", STOPPED_MIGRATIONS],
    ),
    experiment("E14", &["incomplete_request_heads_time_out", ATTACKS]),
    experiment("E15", &[INJECTION]),
    experiment("E16", &[ROTATION]),
    experiment("E17", &[KILLED_MIGRATIONS, STARTS_TOGETHER]),
    experiment("E18", &[SECRETS]),
    experiment("E19", &[DOCUMENTED, BYTES]),
    experiment("E21a", &[DISK_FIRST]),
    experiment("E22", &[FULL_DISK]),
    Experiment {
        id: "E23",
        tests: &[WRONG_CLOCKS, "no_date_is_too_much"],
        needs_fault_injection: true,
    },
    experiment("E26", &[PARITY]),
    experiment("E27", &[RESTORED]),
    experiment("E29", &["a_killed_move_changes_nothing"]),
    experiment("E30", &["people_bring_their_passwords_along"]),
];

// Tests that are used more than once, or whose names are long.
const KILLS: &str = "nothing_acknowledged_is_lost_and_nothing_is_half_done";
const RESETS: &str = "of_two_hundred_resets_with_one_link_exactly_one_counts";
const RACING_SESSIONS: &str = "a_session_that_raced_a_reset_is_invalid";
const SMTP_SERVER_DOWN: &str = "an_unreachable_smtp_server_delays_no_request_and_loses_no_mail";
const SMTP_SERVER_DEFERS: &str = "a_deferred_mail_is_retried";
const SMTP_SERVER_REFUSES: &str = "a_rejected_mail_is_tried_once";
const CUTS: &str = "a_cut_repeats_a_mail_only_after_the_final_dot_and_under_its_name";
const TWO_WORKERS: &str = "two_services_send_each_mail_once";
const KILLED_WORKERS: &str = "workers_that_are_killed_lose_no_mail";
const PAUSED_WORKER: &str = "a_worker_that_was_paused_beyond_its_lease_sends_nothing";
const DEAD_LINKS: &str = "an_invalid_link_in_the_queue_is_never_sent";
const POISON: &str = "a_mail_that_cannot_be_written_holds_up_no_other";
const LONG_QUEUE: &str = "a_long_queue_is_sent_at_a_good_pace_in_little_memory";
const SIGN_IN_ANSWERS: &str = "signing_in_is_answered_alike_without_the_right_password";
const LIMIT_ANSWERS: &str = "a_limit_that_is_reached_tells_nothing_either";
const FORGOT_TIMES: &str = "forgetting_takes_equally_long_for_every_address";
const SIGN_IN_TIMES: &str = "signing_in_takes_equally_long_for_every_address";
const CROWD: &str = "a_flood_of_sign_ins_does_not_slow_other_requests";
const EXACTNESS: &str = "exactly_the_limit_of_two_hundred_concurrent_requests_is_admitted";
const SPELLINGS: &str = "all_addresses_and_spellings_of_a_client_share_a_limit";
const SPOOFS: &str = "no_header_of_a_client_makes_it_another_one";
const WINDOW: &str = "no_minute_of_a_node_alone_holds_more_than_the_limit";
const DIFFERING_CLOCKS: &str =
    "nodes_whose_clocks_differ_count_together_and_no_longer_than_a_minute";
const LISTS: &str = "a_list_of_passwords_is_tried_no_faster_than_the_limits";
const GUESSED_AT: &str = "a_distributed_guessing_attack_on_one_account_fails";
const KILLED_REDIS: &str = "a_node_alone_admits_its_share_until_a_killed_server_is_back";
const SECRETS: &str = "no_secret_is_found_outside_its_place";
const DOCUMENTED: &str = "every_answer_is_as_documented";
const BYTES: &str = "no_bytes_are_a_fault_of_the_service";
const ROLLING_RESTART: &str = "a_rolling_restart_fails_no_request";
const ATTACKS: &str = "slow_and_huge_requests_do_not_affect_other_clients";
const INJECTION: &str = "no_input_changes_the_form_of_a_mail";
const DISK_FIRST: &str = "what_is_acknowledged_is_on_the_disk_under_strace";
const WRONG_CLOCKS: &str = "a_clock_that_is_wrong_keeps_no_token_alive";
const PARITY: &str = "both_databases_give_the_same_answers_sqlite_and_postgres";
const AWAY: &str = "the_service_recovers_when_the_database_returns_postgres";
const SILENT: &str = "dropped_packets_to_the_database_end_in_timeouts_postgres";
const CUT_COMMITS: &str =
    "a_commit_that_is_cut_off_is_all_or_nothing_and_can_be_tried_again_postgres";
const STOPS: &str = "a_stop_under_load_finishes_what_was_begun";
const STOPPED_MIGRATIONS: &str =
    "a_migration_that_is_told_to_stop_leaves_nothing_half_done_postgres";
const STARTS_TOGETHER: &str =
    "nodes_that_start_together_are_not_ready_until_one_has_migrated_postgres";
const FAIL_OVER: &str = "a_synchronous_standby_takes_over_and_nothing_is_lost_postgres";
const FAIL_OVER_BEHIND: &str = "an_asynchronous_standby_loses_only_unreplicated_writes_postgres";
const KILLED_MIGRATIONS: &str = "a_migration_that_is_killed_is_completed_by_the_next_start";
const RESTORED: &str = "a_backup_made_under_load_brings_accounts_back_and_nothing_that_was_ended";
const REVOCATION: &str = "what_is_ended_is_over_at_once_and_soon_on_every_node";
const ROTATION: &str = "keys_are_rotated_under_load_and_no_session_ends";
const FULL_DISK: &str = "nothing_is_acknowledged_that_a_full_disk_would_lose";

/// A fault, and the tests of which at least one must fail with it.
pub(super) struct Mutant {
    pub(super) fault: &'static str,
    pub(super) experiment: &'static str,
    pub(super) tests: &'static [&'static str],
}

const fn mutant(
    fault: &'static str,
    experiment: &'static str,
    tests: &'static [&'static str],
) -> Mutant {
    Mutant { fault, experiment, tests }
}

/// All mutants.
pub(super) const MUTANTS: &[Mutant] = &[
    mutant("ack_before_commit", "E01", &[KILLS]),
    mutant("skip_used_at_check", "E02", &[RESETS]),
    mutant("no_credentials_version_check", "E03", &[RACING_SESSIONS]),
    mutant("sessions_survive", "E03", &[RACING_SESSIONS]),
    mutant("deferred_is_sent", "E04a", &[SMTP_SERVER_DOWN]),
    mutant("transient_is_permanent", "E04b", &[SMTP_SERVER_DEFERS]),
    mutant("permanent_is_transient", "E04c", &[SMTP_SERVER_REFUSES]),
    mutant("double_send", "E04d", &[CUTS]),
    mutant("lease_ignored", "E04e", &[TWO_WORKERS]),
    mutant("ack_before_send", "E04e", &[KILLED_WORKERS]),
    mutant("no_fencing", "E04f", &[PAUSED_WORKER]),
    mutant("send_expired", "E04g", &[DEAD_LINKS]),
    mutant("failure_blocks", "E04h", &[POISON]),
    mutant("slow_mailer", "E04i", &[LONG_QUEUE]),
    mutant("tell_inactive", "E05", &[SIGN_IN_ANSWERS]),
    mutant("sleep_2ms_if_known", "E05", &[FORGOT_TIMES]),
    mutant("sleep_300us_if_known", "E05", &[FORGOT_TIMES]),
    mutant("decoy_skipped", "E05", &[SIGN_IN_TIMES]),
    mutant("no_limits", "E05", &[LIMIT_ANSWERS]),
    mutant("unlimited_hashing", "E06", &[CROWD]),
    mutant("no_limits", "E07", &[EXACTNESS]),
    mutant("trust_xff", "E07", &[SPELLINGS, SPOOFS]),
    mutant("fixed_window", "E07", &[WINDOW]),
    mutant("no_limits", "E08", &[LISTS]),
    mutant("no_failure_count", "E08", &[GUESSED_AT]),
    mutant("fallback_open", "E10", &[KILLED_REDIS]),
    mutant("ack_failed_commit", "E11", &[CUT_COMMITS]),
    mutant("sessions_survive", "E09", &[REVOCATION]),
    mutant("stale_sessions", "E09", &[REVOCATION]),
    mutant("newest_key_only", "E16", &[ROTATION]),
    mutant("ack_before_commit", "E12", &[FAIL_OVER]),
    mutant("die_on_terminate", "E13", &[ROLLING_RESTART, STOPS]),
    mutant("migrate_without_lock", "E17", &[STARTS_TOGETHER]),
    mutant("leak_memory", "E14", &[ATTACKS]),
    mutant("copy_to_stranger", "E15", &[INJECTION]),
    mutant("log_passwords", "E18", &[SECRETS]),
    mutant("log_tokens", "E18", &[SECRETS]),
    mutant("fail_on_odd_queries", "E19", &[DOCUMENTED]),
    mutant("fail_on_strangers", "E19", &[BYTES]),
    mutant("synchronous_normal", "E21a", &[DISK_FIRST]),
    mutant("ack_failed_commit", "E22", &[FULL_DISK]),
    mutant("tokens_forever", "E23", &[WRONG_CLOCKS]),
    mutant("backends_differ", "E26", &[PARITY]),
    mutant("restore_revives", "E27", &[RESTORED]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn read(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    fn tests_of_the_service() -> String {
        let mut text = String::new();
        read(&crate::tree::root().join(TESTS), &mut text);
        text
    }

    #[test]
    fn every_test_in_the_catalogue_exists() {
        let text = tests_of_the_service();
        let named = EXPERIMENTS.iter().flat_map(|known| known.tests);
        for test in named.chain(MUTANTS.iter().flat_map(|known| known.tests)) {
            assert!(text.contains(&format!("fn {test}(")), "{test}");
        }
    }

    #[test]
    fn the_tests_and_the_catalogue_have_the_same_experiments() {
        let text = tests_of_the_service();
        let ids = |text: &str| text.chars().take_while(|c| *c != '"').collect::<String>();
        let begun: BTreeSet<String> = text.split("Experiment::begin(\"").skip(1).map(ids).collect();
        let known = EXPERIMENTS.iter().map(|known| known.id.to_owned()).collect();
        assert_eq!(begun, known);
    }

    #[test]
    fn every_fault_has_a_mutant() {
        let text = std::fs::read_to_string(crate::tree::root().join(FAULTS)).unwrap();
        let names = text.lines().filter_map(|line| line.trim().strip_suffix("\","));
        let faults: BTreeSet<&str> =
            names.filter_map(|line| line.split_once(" = \"")).map(|(_, name)| name).collect();
        let mutants: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.fault).collect();
        assert_eq!(faults, mutants);
    }

    #[test]
    fn every_mutant_belongs_to_an_experiment() {
        for mutant in MUTANTS {
            let of = EXPERIMENTS.iter().find(|known| known.id == mutant.experiment);
            assert!(of.is_some_and(|known| !known.tests.is_empty()), "{}", mutant.fault);
        }
    }
}
