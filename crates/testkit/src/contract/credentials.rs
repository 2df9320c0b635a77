//! Tests of [`CredentialStore`](vestibule_domain::ports::CredentialStore) and of finding passwords.

use vestibule_domain::ports::Store;

use super::given;

/// "Sets a user's password hash, replacing an earlier one."
pub async fn a_password_is_set_or_replaced(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    for text in ["first", "second", "second"] {
        commit!(store, set_password(anna.id, &given::hash(text), given::noon()));
        assert_eq!(store.find_password(anna.id).await.unwrap(), Some(given::hash(text)));
    }
}

/// "Returns a user's password hash."
pub async fn a_password_is_found_by_its_user(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    commit!(store, set_password(anna.id, &given::hash("a"), given::noon()));
    assert_eq!(store.find_password(anna.id).await.unwrap(), Some(given::hash("a")));
    assert_eq!(store.find_password(berta.id).await.unwrap(), None);
}

/// "Replaces a hash by another one of the same password."
pub async fn a_hash_is_replaced_by_a_better_one(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    commit!(store, set_password(anna.id, &given::hash("old"), given::noon()));
    assert!(commit!(store, replace_hash(anna.id, &given::hash("old"), &given::hash("new"))));
    assert_eq!(store.find_password(anna.id).await.unwrap(), Some(given::hash("new")));
}

/// "Returns `false`, and changes nothing, if the stored hash is not `old` any more."
pub async fn a_hash_that_has_changed_is_not_replaced(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let [old, new, other] = ["old", "new", "other"].map(given::hash);
    assert!(!commit!(store, replace_hash(anna.id, &old, &new)));
    assert_eq!(store.find_password(anna.id).await.unwrap(), None);

    commit!(store, set_password(anna.id, &other, given::noon()));
    assert!(!commit!(store, replace_hash(anna.id, &old, &new)));
    assert_eq!(store.find_password(anna.id).await.unwrap(), Some(other));
    let unknown = given::user("unknown");
    assert!(!commit!(store, replace_hash(unknown.id, &old, &new)));
}
