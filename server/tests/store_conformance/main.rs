//! One suite for the storage traits, run on SQLite and on PostgreSQL.
//!
//! PostgreSQL runs when `ASSENT_TEST_POSTGRES` names a server where databases may be created, e.g.
//! `postgres://assent@localhost:5432/postgres`; `cargo xtask test` provides one. Without it the suite says so.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod emergencies;
mod idempotency;
mod issuance;
mod operators;
mod pairings;
mod presentations;
#[path = "../http/common/scratch.rs"]
mod scratch;
mod sign_ins;
mod vaults;
mod webhooks;

use assent_core::env::Timestamp;
use assent_server::store::Database;

use emergencies::*;
use idempotency::*;
use issuance::*;
use operators::*;
use pairings::*;
use presentations::*;
use sign_ins::*;
use vaults::*;
use webhooks::*;

/// Every test of the suite, by name.
macro_rules! suite {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let dir = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", dir.path().join("assent.db").display());
                let database = assent_server::store::Database::open(&url).await.unwrap();
                database.migrate().await.unwrap();
                // Migrating again changes nothing.
                database.migrate().await.unwrap();
                super::$name(database.clone()).await;
                database.close().await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let Some(scratch) = super::scratch::Scratch::create().await else { return };
                let database = assent_server::store::Database::open(&scratch.url).await.unwrap();
                database.migrate().await.unwrap();
                super::$name(database.clone()).await;
                database.close().await;
                scratch.drop().await;
            })*
        }
    };
}

suite!(
    vault_life_cycle,
    commits_compare_and_swap,
    one_of_many_concurrent_commits_wins,
    quotas_leave_nothing_behind,
    vaults_do_not_touch_each_other,
    changes_come_in_pages_that_add_up,
    a_new_epoch_brings_every_key_or_nothing,
    replaced_keys_wait_within_bounds,
    counters_stay_right,
    blobs_stay_as_long_as_they_are_linked,
    blob_quotas_hold_under_concurrency,
    idempotency_life_cycle,
    a_key_given_back_is_free_for_one,
    presentations_change_once_and_belong_to_one_service,
    details_are_found_when_they_are_to_be_erased,
    a_consent_is_withdrawn_once_and_takes_its_data_along,
    a_consent_is_withdrawn_purpose_by_purpose,
    consents_come_in_pages,
    webhooks_are_leased_to_one,
    webhooks_are_taken_service_by_service,
    issuances_change_once_and_are_found_by_handle,
    a_handle_takes_the_place_of_the_one_before,
    one_of_many_uses_of_a_handle_wins,
    nonces_are_given_once,
    a_proof_of_possession_is_used_once,
    status_lists_fill_up_one_after_the_other,
    a_place_of_a_status_list_is_given_once,
    places_that_are_given_back_are_taken_by_others,
    operators_secrets_count_once_for_a_while,
    pairings_are_written_once_and_end,
    one_of_two_messages_wins,
    sign_ins_lead_to_vaults_until_they_are_taken_away,
    passkeys_follow_the_header_and_count_upwards,
    a_challenge_is_answered_once,
    sign_in_codes_are_taken_once,
    links_are_counted_under_concurrency,
    emergency_access_waits_to_the_second,
    emergency_access_that_was_stopped_is_gone,
    stopping_and_handing_out_exclude_each_other,
    probe_works,
);

const NOW: Timestamp = Timestamp(1_800_000_000);

async fn probe_works(store: Database) {
    store.probe().await.unwrap();
    assert!(store.is_current().await.unwrap());
}
