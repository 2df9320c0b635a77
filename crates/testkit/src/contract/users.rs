//! The rules of [`Users`](vestibule_domain::ports::Users) and of finding users.

use time::Duration;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::id::UserId;
use vestibule_domain::mail::Mail;
use vestibule_domain::mail::QueuedMail;
use vestibule_domain::policy::SessionPolicy;
use vestibule_domain::ports::{Insertion, Store};
use vestibule_domain::user::User;
use vestibule_domain::username::Username;

use super::given;

/// "The user with that id."
pub async fn a_user_is_found_by_id(store: &dyn Store) {
    let anna = User { is_admin: true, is_active: false, ..given::user("Anna.B") };
    given::stored_user(store, "berta").await;
    commit!(store, insert_user(&anna));
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
    assert_eq!(store.find_user(given::user("clara").id).await.unwrap(), None);
}

/// "The user with that address, and their password hash."
pub async fn a_user_is_found_by_address_with_and_without_a_password(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    commit!(store, set_password(berta.id, &given::hash("b"), given::noon()));

    let typed = EmailAddress::parse("ANNA@EXAMPLE.com").unwrap();
    let found = store.find_user_by_email(typed.key()).await.unwrap();
    assert_eq!(found, Some((anna, None)));
    let found = store.find_user_by_email(berta.email.key()).await.unwrap();
    assert_eq!(found, Some((berta, Some(given::hash("b")))));
    let stranger = given::user("clara");
    assert_eq!(store.find_user_by_email(stranger.email.key()).await.unwrap(), None);
}

/// Three users who came one second after the other, the last of them first into the store.
async fn three_users(store: &dyn Store) -> [User; 3] {
    let users = [("anna", 0), ("berta", 1), ("clara", 2)].map(|(name, seconds)| {
        let created_at = given::noon() + Duration::seconds(seconds);
        let id = UserId::generate(created_at, given::random());
        User { id, created_at, ..given::user(name) }
    });
    for user in users.iter().rev() {
        commit!(store, insert_user(user));
    }
    users
}

/// "In the order of their ids, which is that of their creation."
pub async fn users_are_listed_in_the_order_of_their_creation(store: &dyn Store) {
    assert_eq!(store.list_users(None, 10, false).await.unwrap(), []);
    let users = three_users(store).await;
    assert_eq!(store.list_users(None, 10, false).await.unwrap(), users);
}

/// "At most `limit` users with an id after `after`."
pub async fn a_list_continues_after_an_id_and_ends_at_the_limit(store: &dyn Store) {
    let ids = three_users(store).await.map(|user| user.id);
    let list = async |after, limit| {
        let users = store.list_users(after, limit, false).await.unwrap();
        users.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 2).await, ids[..2]);
    assert_eq!(list(Some(ids[0]), 1).await, ids[1..2]);
    assert_eq!(list(Some(ids[1]), 2).await, ids[2..]);
    assert_eq!(list(Some(ids[2]), 2).await, []);
}

/// "Administrators only, if `admins_only`."
pub async fn administrators_can_be_listed_alone(store: &dyn Store) {
    let [_, berta, _] = three_users(store).await;
    assert_eq!(store.list_users(None, 10, true).await.unwrap(), []);
    commit!(store, set_admin(berta.id, true));
    let admins = store.list_users(None, 10, true).await.unwrap();
    assert_eq!(admins, [User { is_admin: true, ..berta }]);
}

/// "Adds a user; says so, and changes nothing, when the address … is taken."
pub async fn a_taken_address_is_reported_and_changes_nothing(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let email = EmailAddress::parse("Anna@Example.COM").unwrap();
    let rival = User { email, ..given::user("rival") };
    assert_eq!(commit!(store, insert_user(&rival)), Insertion::EmailTaken);
    assert_eq!(store.list_users(None, 10, false).await.unwrap(), [anna]);
}

/// "… or the name is taken … Names are the same when their keys are."
pub async fn a_taken_name_is_reported_and_changes_nothing(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let username = Username::parse("ANNA").unwrap();
    let rival = User { username, ..given::user("rival") };
    assert_eq!(commit!(store, insert_user(&rival)), Insertion::UsernameTaken);
    assert_eq!(store.list_users(None, 10, false).await.unwrap(), [anna]);
}

/// "The unit stays usable either way."
pub async fn a_unit_stays_usable_after_a_taken_address_or_name(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let same_address = User { email: anna.email.clone(), ..given::user("rival") };
    let same_name = User { username: anna.username, ..given::user("other") };
    let berta = given::user("berta");
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.insert_user(&same_address).await.unwrap(), Insertion::EmailTaken);
    assert_eq!(unit.insert_user(&same_name).await.unwrap(), Insertion::UsernameTaken);
    assert_eq!(unit.insert_user(&berta).await.unwrap(), Insertion::Inserted);
    unit.commit().await.unwrap();
    assert_eq!(store.find_user(berta.id).await.unwrap(), Some(berta));
}

/// "Moves a user from `from` to the next epoch, which ends every session and link of `from`."
pub async fn advancing_the_epoch_ends_sessions_and_links(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    assert!(commit!(store, advance_epoch(anna.id, anna.epoch)));

    let (session, owner) = store.find_session(session.id).await.unwrap().unwrap();
    assert_eq!(owner.epoch, anna.epoch.next());
    assert!(!session.is_live(&owner, &SessionPolicy::default(), given::noon()));
    assert_eq!(commit!(store, spend_reset(reset.id, given::noon())), None);
}

/// "Answers `false`, and changes nothing, when the user is … in another epoch."
pub async fn an_epoch_is_not_advanced_from_another_one(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    assert!(!commit!(store, advance_epoch(anna.id, anna.epoch.next())));
    assert!(commit!(store, advance_epoch(anna.id, anna.epoch)));
    assert!(!commit!(store, advance_epoch(anna.id, anna.epoch)));
    let found = store.find_user(anna.id).await.unwrap().unwrap();
    assert_eq!(found.epoch, anna.epoch.next());
}

/// "Answers `false` … when the user is gone."
pub async fn the_epoch_of_nobody_is_not_advanced(store: &dyn Store) {
    let nobody = given::user("nobody");
    assert!(!commit!(store, advance_epoch(nobody.id, nobody.epoch)));
}

/// "Activates or deactivates a user. Answers `false` when there is no such user."
pub async fn a_user_is_deactivated_and_activated(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    for active in [false, false, true, true] {
        assert!(commit!(store, set_active(anna.id, active)));
        let expected = User { is_active: active, ..anna.clone() };
        assert_eq!(store.find_user(anna.id).await.unwrap(), Some(expected));
    }
    assert!(!commit!(store, set_active(given::user("nobody").id, false)));
    assert_eq!(store.find_user(berta.id).await.unwrap(), Some(berta));
}

/// "Gives or takes an administrator's rights. Answers `false` when there is no such user."
pub async fn a_user_is_given_rights_and_loses_them(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    for admin in [true, true, false, false] {
        assert!(commit!(store, set_admin(anna.id, admin)));
        let expected = User { is_admin: admin, ..anna.clone() };
        assert_eq!(store.find_user(anna.id).await.unwrap(), Some(expected));
    }
    assert!(!commit!(store, set_admin(given::user("nobody").id, true)));
    assert_eq!(store.find_user(berta.id).await.unwrap(), Some(berta));
}

/// "Deletes a user with everything that belongs to them: password, sessions, resets, mails."
pub async fn a_deleted_user_takes_everything_along(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let kept = given::stored_session(store, &berta).await;
    let session = given::stored_session(store, &anna).await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    commit!(store, set_password(anna.id, &given::hash("a"), given::noon()));
    let link = Mail::ResetLink { user_id: anna.id, reset_id: reset.id };
    commit!(store, enqueue(&QueuedMail::new(link, given::noon(), given::random())));
    commit!(store, enqueue(&given::welcome(&anna, given::noon())));

    assert!(commit!(store, delete_user(anna.id)));
    assert_eq!(store.find_user(anna.id).await.unwrap(), None);
    assert_eq!(store.find_user_by_email(anna.email.key()).await.unwrap(), None);
    assert_eq!(store.find_password(anna.id).await.unwrap(), None);
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    assert_eq!(store.find_reset(reset.id).await.unwrap(), None);
    let lease = given::lease(given::noon() + Duration::HOUR);
    assert_eq!(commit!(store, claim_mails(given::noon(), lease, 10)), []);
    assert_eq!(store.find_session(kept.id).await.unwrap(), Some((kept, berta)));
    // The address and the name are free again.
    given::stored_user(store, "anna").await;
}

/// "Answers `false` when there is no such user."
pub async fn deleting_nobody_is_reported(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    assert!(!commit!(store, delete_user(given::user("nobody").id)));
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
}
