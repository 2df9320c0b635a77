//! Recovery when a port fails or another request is faster.

use super::*;
use crate::fixtures::{CountingRandom, a_user};
use crate::ports::mocks::{Scene, a_hash, a_unit};

fn a_reset(user: &User) -> PasswordReset {
    let ttl = ResetPolicy::default().ttl;
    let now = user.created_at;
    PasswordReset::issue(user, ClientInfo::default(), ttl, now, &CountingRandom::default())
}

fn a_request() -> ResetPassword {
    let password = Password::parse("a new password").unwrap();
    ResetPassword { token: "token".to_owned(), password }
}

fn with_live_link(scene: &mut Scene) {
    let reset = a_reset(&a_user());
    let claims = reset.claims();
    scene.reset_tokens.expect_read().returning(move |_| Some(claims.clone()));
    scene.store.expect_find_reset().returning(move |_| Ok(Some((reset.clone(), a_user()))));
}

async fn reset(scene: Scene) -> Result<(), Error> {
    let recovery = Recovery::new(scene.ports(), Policy::default());
    recovery.reset(a_request(), &ClientInfo::default()).await
}

#[tokio::test]
async fn a_request_does_not_look_up_the_account() {
    let mut scene = Scene::default();
    scene.store.expect_find_user_by_email().never();
    scene.store.expect_add_reset_request().once().returning(|_| Ok(()));
    let recovery = Recovery::new(scene.ports(), Policy::default());
    recovery.request(&a_user().email, &ClientInfo::default()).await.unwrap();
}

#[tokio::test]
async fn a_forged_link_costs_no_hash() {
    let mut scene = Scene::default();
    scene.reset_tokens.expect_read().returning(|_| None);
    scene.store.expect_find_reset().never();
    scene.hasher.expect_hash().never();
    let outcome = reset(scene).await;
    assert!(matches!(outcome, Err(Error::InvalidToken)), "{outcome:?}");
}

#[tokio::test]
async fn the_password_in_use_is_refused_before_the_link_is_spent() {
    let mut scene = Scene::default();
    with_live_link(&mut scene);
    scene.has_password(Verdict::Match);
    scene.store.expect_begin().never();
    let outcome = reset(scene).await;
    assert!(matches!(outcome, Err(Error::PasswordRefused(PasswordError::Reused))), "{outcome:?}");
}

#[tokio::test]
async fn the_loser_of_a_race_changes_nothing() {
    let mut scene = Scene::default();
    with_live_link(&mut scene);
    scene.has_password(Verdict::Mismatch);
    scene.hashes();
    let mut unit = a_unit();
    unit.expect_spend_reset().once().returning(|_, _| Ok(None));
    unit.expect_set_password().never();
    unit.expect_end_sessions().never();
    unit.expect_commit().never();
    scene.opens(unit);
    let outcome = reset(scene).await;
    assert!(matches!(outcome, Err(Error::InvalidToken)), "{outcome:?}");
}

#[tokio::test]
async fn a_reset_that_raced_a_change_commits_nothing() {
    let mut scene = Scene::default();
    with_live_link(&mut scene);
    scene.has_password(Verdict::Mismatch);
    scene.hashes();
    let mut unit = a_unit();
    unit.expect_spend_reset().returning(|_, _| Ok(Some(a_reset(&a_user()))));
    unit.expect_advance_credentials_version().once().returning(|_, _| Ok(false));
    unit.expect_commit().never();
    scene.opens(unit);
    let outcome = reset(scene).await;
    assert!(matches!(outcome, Err(Error::InvalidToken)), "{outcome:?}");
}

#[tokio::test]
async fn a_reset_does_everything_in_one_unit() {
    let mut scene = Scene::default();
    with_live_link(&mut scene);
    scene.has_password(Verdict::Mismatch);
    scene.hashes();
    let mut unit = a_unit();
    unit.expect_spend_reset().once().returning(|_, _| Ok(Some(a_reset(&a_user()))));
    unit.expect_advance_credentials_version().once().returning(|_, _| Ok(true));
    unit.expect_set_password()
        .once()
        .withf(|_, hash, _| *hash == a_hash())
        .returning(|_, _, _| Ok(()));
    unit.expect_end_sessions().once().returning(|_, _| Ok(()));
    unit.expect_insert_session().never();
    unit.expect_enqueue()
        .once()
        .withf(|queued| matches!(queued.mail, Mail::PasswordChanged { .. }))
        .returning(|_| Ok(()));
    unit.expect_commit().once().returning(|| Ok(()));
    scene.opens(unit);
    reset(scene).await.unwrap();
}

#[tokio::test]
async fn an_account_that_cannot_be_read_does_not_block_others() {
    let mut scene = Scene::default();
    scene
        .store
        .expect_find_user_by_email()
        .once()
        .returning(|_| Err(StoreError::Corrupt("unreadable".into())));
    let mut unit = a_unit();
    unit.expect_take_reset_request().once().returning(|| {
        let random = CountingRandom::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        Ok(Some(ResetRequest {
            id: ResetRequestId::generate(now, &random),
            email_key: a_user().email.key().clone(),
            requested_at: now,
            client: ClientInfo::default(),
        }))
    });
    unit.expect_enqueue().never();
    unit.expect_commit().once().returning(|| Ok(()));
    scene.opens(unit);
    let recovery = Recovery::new(scene.ports(), Policy::default());
    assert!(matches!(recovery.issue_next().await, Err(Error::Internal(_))));
}

#[test]
fn links_are_coalesced_and_counted() {
    let policy = ResetPolicy::default();
    let user = a_user();
    let newest = a_reset(&user);
    let at = newest.issued_at;
    let spent = PasswordReset { used_at: Some(at), ..newest.clone() };
    let one = std::slice::from_ref(&newest);
    assert!(may_issue(&policy, &user, &[], at));
    assert!(!may_issue(&policy, &user, one, at + Duration::seconds(59)));
    assert!(may_issue(&policy, &user, one, at + Duration::seconds(60)));
    assert!(may_issue(&policy, &user, std::slice::from_ref(&spent), at));
    // Two of the same time may come in either order.
    assert!(!may_issue(&policy, &user, &[spent, newest.clone()], at));
    let many = vec![newest; 5];
    assert!(!may_issue(&policy, &user, &many, at + Duration::minutes(10)));
}
