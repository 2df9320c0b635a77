//! Tests of [`UserStore`](vestibule_domain::ports::UserStore) and of finding users.

use time::Duration;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::Mail;
use vestibule_domain::model::mail::QueuedMail;
use vestibule_domain::model::policy::SessionPolicy;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::{Insertion, Store};

use super::given;

/// "Returns the user with that id."
pub async fn a_user_is_found_by_id(store: &dyn Store) {
    let language = Some(Language::Arabic);
    let anna = User { is_admin: true, is_active: false, language, ..given::user("Anna.B") };
    given::stored_user(store, "berta").await;
    commit!(store, insert_user(&anna));
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
    assert_eq!(store.find_user(given::user("clara").id).await.unwrap(), None);
}

/// "Returns the user with that address, and their password hash."
pub async fn a_user_is_found_by_address_with_and_without_a_password(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    commit!(store, set_password(berta.id, &given::hash("b"), given::noon()));

    let typed = EmailAddress::parse("ANNA@EXAMPLE.com").unwrap();
    let found = store.find_user_by_email(typed.key()).await.unwrap();
    assert_eq!(found, Some((anna, None)));
    let found = store.find_user_by_email(berta.email.key()).await.unwrap();
    assert_eq!(found, Some((berta, Some(given::hash("b")))));
    let unknown = given::user("clara");
    assert_eq!(store.find_user_by_email(unknown.email.key()).await.unwrap(), None);
}

/// Stores three users, created a second apart, the last one first.
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

/// "… in the order of their ids, which is that of their creation."
pub async fn users_are_listed_in_the_order_of_their_creation(store: &dyn Store) {
    assert_eq!(store.list_users(&UserFilter::default(), None, 10).await.unwrap(), []);
    let users = three_users(store).await;
    assert_eq!(store.list_users(&UserFilter::default(), None, 10).await.unwrap(), users);
}

/// "Returns at most `limit` users …, with an id after `after`."
pub async fn a_list_continues_after_an_id_and_ends_at_the_limit(store: &dyn Store) {
    let ids = three_users(store).await.map(|user| user.id);
    let list = async |after, limit| {
        let users = store.list_users(&UserFilter::default(), after, limit).await.unwrap();
        users.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 2).await, ids[..2]);
    assert_eq!(list(Some(ids[0]), 1).await, ids[1..2]);
    assert_eq!(list(Some(ids[1]), 2).await, ids[2..]);
    assert_eq!(list(Some(ids[2]), 2).await, []);
}

/// "… users that pass the filter": administrators.
pub async fn administrators_can_be_listed_alone(store: &dyn Store) {
    let [_, berta, _] = three_users(store).await;
    assert_eq!(store.list_users(&UserFilter::admins(), None, 10).await.unwrap(), []);
    commit!(store, set_admin(berta.id, true));
    let admins = store.list_users(&UserFilter::admins(), None, 10).await.unwrap();
    assert_eq!(admins, [User { is_admin: true, ..berta }]);
}

/// Returns the usernames that a search for a text finds.
async fn search(store: &dyn Store, text: &str) -> Vec<String> {
    names(store, &UserFilter::containing(text)).await
}

async fn names(store: &dyn Store, filter: &UserFilter) -> Vec<String> {
    let found = store.list_users(filter, None, 100).await.unwrap();
    found.iter().map(|user| user.username.as_str().to_owned()).collect()
}

/// "… users that pass the filter": a part of their address or username, ignoring case.
pub async fn users_are_found_by_a_part_of_their_address_or_username(store: &dyn Store) {
    for (name, address) in
        [("Anna.B", "first@example.com"), ("berta", "Bert@Example.org"), ("clara", "ann@x.test")]
    {
        let email = EmailAddress::parse(address).unwrap();
        commit!(store, insert_user(&User { email, ..given::user(name) }));
    }
    assert_eq!(search(store, "ANN").await, ["Anna.B", "clara"]);
    assert_eq!(search(store, "bert").await, ["berta"]);
    assert_eq!(search(store, "t@example.").await, ["Anna.B", "berta"]);
    assert_eq!(search(store, "x.test").await, ["clara"]);
    assert_eq!(search(store, "anna.b").await, ["Anna.B"]);
    assert_eq!(search(store, "dora").await, [""; 0]);
    assert_eq!(search(store, "  ").await.len(), 3);
}

/// "… users that pass the filter": characters that are wildcards in a database match themselves
/// only.
pub async fn no_character_of_a_filter_is_a_wildcard(store: &dyn Store) {
    for (name, address) in
        [("a_c", "one@example.com"), ("abc", "per%cent@example.com"), ("a-c", "three@example.com")]
    {
        let email = EmailAddress::parse(address).unwrap();
        commit!(store, insert_user(&User { email, ..given::user(name) }));
    }
    assert_eq!(search(store, "a_c").await, ["a_c"]);
    assert_eq!(search(store, "a%c").await, [""; 0]);
    assert_eq!(search(store, "%").await, ["abc"]);
    assert_eq!(search(store, "r%c").await, ["abc"]);
    let long = "a".repeat(100_000);
    for strange in ["\\", "\\_", "a\\_c", "a\\bc", "'", "\"", "*", "?", "[a]", "\0", "abc\0", &long]
    {
        let filter = UserFilter { admins_only: false, text: Some(strange.to_owned()) };
        assert_eq!(names(store, &filter).await, [""; 0], "{strange:?}");
    }
}

/// "Returns at most `limit` users that pass the filter, with an id after `after`."
pub async fn a_filtered_list_continues_after_an_id(store: &dyn Store) {
    let users = three_users(store).await;
    for user in &users[1..] {
        commit!(store, set_admin(user.id, true));
    }
    // Anna is no administrator, and Clara does not match "ert".
    let [anna, berta, clara] = users.map(|user| user.id);
    let list = async |text: Option<&str>, after, limit| {
        let filter = UserFilter { admins_only: true, text: text.map(ToOwned::to_owned) };
        let users = store.list_users(&filter, after, limit).await.unwrap();
        users.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 1).await, [berta]);
    assert_eq!(list(None, Some(berta), 1).await, [clara]);
    assert_eq!(list(Some("a"), Some(anna), 9).await, [berta, clara]);
    assert_eq!(list(Some("ert"), None, 9).await, [berta]);
    assert_eq!(list(Some("ert"), Some(berta), 9).await, []);
    assert_eq!(list(Some("anna"), None, 9).await, []);
}

/// "Adds a user. Changes nothing if the address … is taken."
pub async fn a_taken_address_is_reported_and_changes_nothing(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let email = EmailAddress::parse("Anna@Example.COM").unwrap();
    let rival = User { email, ..given::user("rival") };
    assert_eq!(commit!(store, insert_user(&rival)), Insertion::EmailTaken);
    assert_eq!(store.list_users(&UserFilter::default(), None, 10).await.unwrap(), [anna]);
}

/// "… or the username is taken. … Usernames are compared by their keys."
pub async fn a_taken_username_is_reported_and_changes_nothing(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let username = Username::parse("ANNA").unwrap();
    let rival = User { username, ..given::user("rival") };
    assert_eq!(commit!(store, insert_user(&rival)), Insertion::UsernameTaken);
    assert_eq!(store.list_users(&UserFilter::default(), None, 10).await.unwrap(), [anna]);
}

/// "The unit stays usable either way."
pub async fn a_unit_stays_usable_after_a_taken_address_or_username(store: &dyn Store) {
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

/// "Increments a user's credentials version from `from`, which invalidates all sessions and links
/// of `from`."
pub async fn incrementing_the_credentials_version_ends_sessions_and_links(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    assert!(commit!(store, advance_credentials_version(anna.id, anna.credentials_version)));

    let (session, owner) = store.find_session(session.id).await.unwrap().unwrap();
    assert_eq!(owner.credentials_version, anna.credentials_version.next());
    assert!(!session.is_live(&owner, &SessionPolicy::default(), given::noon()));
    assert_eq!(commit!(store, spend_reset(reset.id, given::noon())), None);
}

/// "Returns `false`, and changes nothing, if the user … has another version."
pub async fn a_credentials_version_is_not_incremented_from_another_one(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    assert!(!commit!(store, advance_credentials_version(anna.id, anna.credentials_version.next())));
    assert!(commit!(store, advance_credentials_version(anna.id, anna.credentials_version)));
    assert!(!commit!(store, advance_credentials_version(anna.id, anna.credentials_version)));
    let found = store.find_user(anna.id).await.unwrap().unwrap();
    assert_eq!(found.credentials_version, anna.credentials_version.next());
}

/// "Returns `false`, and changes nothing, if the user does not exist."
pub async fn the_credentials_version_of_an_unknown_user_is_not_incremented(store: &dyn Store) {
    let unknown = given::user("unknown");
    assert!(!commit!(store, advance_credentials_version(unknown.id, unknown.credentials_version)));
}

/// "Revokes all sessions and links: increments the credentials version of all users … Returns the
/// number of users."
pub async fn all_sessions_and_links_of_all_users_are_revoked(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let session = given::stored_session(store, &anna).await;
    let [used, open] = [&anna, &berta].map(|user| given::stored_reset(store, user, given::noon()));
    let (used, open) = (used.await, open.await);
    commit!(store, spend_reset(used.id, given::noon()));
    let later = given::noon() + Duration::minutes(1);
    assert_eq!(commit!(store, revoke_everything(later)), 2);

    for user in [&anna, &berta] {
        let now = store.find_user(user.id).await.unwrap().unwrap();
        assert_eq!(now.credentials_version, user.credentials_version.next());
    }
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    let (used, _) = store.find_reset(used.id).await.unwrap().unwrap();
    let (open, _) = store.find_reset(open.id).await.unwrap().unwrap();
    assert_eq!((used.superseded_at, open.superseded_at), (None, Some(later)));
    assert_eq!(commit!(store, spend_reset(open.id, given::noon())), None);
}

/// "Activates or deactivates a user. Returns `false` if there is no such user."
pub async fn a_user_is_deactivated_and_activated(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    for active in [false, false, true, true] {
        assert!(commit!(store, set_active(anna.id, active)));
        let expected = User { is_active: active, ..anna.clone() };
        assert_eq!(store.find_user(anna.id).await.unwrap(), Some(expected));
    }
    assert!(!commit!(store, set_active(given::user("unknown").id, false)));
    assert_eq!(store.find_user(berta.id).await.unwrap(), Some(berta));
}

/// "Grants or revokes administrator rights. Returns `false` if there is no such user."
pub async fn administrator_rights_are_granted_and_revoked(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    for admin in [true, true, false, false] {
        assert!(commit!(store, set_admin(anna.id, admin)));
        let expected = User { is_admin: admin, ..anna.clone() };
        assert_eq!(store.find_user(anna.id).await.unwrap(), Some(expected));
    }
    assert!(!commit!(store, set_admin(given::user("unknown").id, true)));
    assert_eq!(store.find_user(berta.id).await.unwrap(), Some(berta));
}

/// "Sets the language of mails to a user. Returns `false` if there is no such user."
pub async fn a_language_is_set_and_replaced(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    for language in Language::ALL {
        assert!(commit!(store, set_language(anna.id, language)));
        let expected = User { language: Some(language), ..anna.clone() };
        assert_eq!(store.find_user(anna.id).await.unwrap(), Some(expected));
    }
    assert!(!commit!(store, set_language(given::user("unknown").id, Language::German)));
    assert_eq!(store.find_user(berta.id).await.unwrap(), Some(berta));
}

/// "Locks the users with those ids until the unit ends, and returns those that exist, in the order
/// of their ids."
pub async fn locked_users_are_returned_in_order_without_deleted_ones(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    given::stored_user(store, "zoe").await;
    let mut expected = [anna.clone(), berta.clone()];
    expected.sort_by_key(|user| user.id);
    let gone = given::user("unknown").id;
    for ids in [[anna.id, berta.id, gone], [gone, berta.id, anna.id], [berta.id, anna.id, anna.id]]
    {
        assert_eq!(commit!(store, lock_users(&ids)), expected);
    }
    assert_eq!(commit!(store, lock_users(&[])), []);
}

/// "Deletes a user with their password, failure counts, sessions, which end at `now`, resets and
/// mails."
pub async fn a_user_is_deleted_with_their_data(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let kept = given::stored_session(store, &berta).await;
    let session = given::stored_session(store, &anna).await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    commit!(store, set_password(anna.id, &given::hash("a"), given::noon()));
    let link = Mail::ResetLink { user_id: anna.id, reset_id: reset.id };
    commit!(store, enqueue(&QueuedMail::new(link, given::noon(), given::random())));
    commit!(store, enqueue(&given::welcome(&anna, given::noon())));

    assert!(commit!(store, delete_user(anna.id, given::noon())));
    assert_eq!(store.find_user(anna.id).await.unwrap(), None);
    assert_eq!(store.find_user_by_email(anna.email.key()).await.unwrap(), None);
    assert_eq!(store.find_password(anna.id).await.unwrap(), None);
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    assert_eq!(store.find_reset(reset.id).await.unwrap(), None);
    let lease = given::lease(given::noon() + Duration::HOUR);
    assert_eq!(commit!(store, claim_mails(given::noon(), lease, 10)), []);
    assert_eq!(store.find_session(kept.id).await.unwrap(), Some((kept, berta)));
    // The address and the username are free again.
    given::stored_user(store, "anna").await;
}

/// "Returns `false` if there is no such user."
pub async fn deleting_an_unknown_user_is_reported(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    assert!(!commit!(store, delete_user(given::user("unknown").id, given::noon())));
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
}
