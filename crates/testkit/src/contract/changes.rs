//! A cached session must not be returned after it has changed.

use time::Duration;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::session::Session;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::given;

/// Changes a stored user or one of their sessions with one method.
macro_rules! change {
    ($store:expr, $session:expr, $user:expr, $verb:ident($($argument:expr),*)) => {{
        let (before, after) = {
            let before = $store.find_session($session.id).await.unwrap();
            // Read twice, so that the second result may come from a cache.
            assert_eq!($store.find_session($session.id).await.unwrap(), before);
            commit!($store, $verb($($argument),*));
            (before, $store.find_session($session.id).await.unwrap())
        };
        assert!(before.is_some(), stringify!($verb));
        assert_ne!(before, after, stringify!($verb));
        after
    }};
}

/// "Sees all commits of this store at once", by all methods.
pub async fn all_changes_of_a_unit_are_seen_by_the_next_read(store: &dyn Store) {
    let later = given::noon() + Duration::HOUR;
    let anna = given::stored_user(store, "anna").await;
    let refresh = given::refresh();
    let session = given::session(&anna).refreshed_by(refresh.clone());
    commit!(store, insert_session(&session));
    let credentials_version = anna.credentials_version;

    change!(store, session, anna, touch_session(session.id, later));
    change!(store, session, anna, renew_session(session.id, credentials_version, None, later));
    let rotation = given::rotation(refresh.current, later + Duration::HOUR);
    change!(
        store,
        session,
        anna,
        rotate_refresh(session.id, credentials_version, given::digest(), &rotation)
    );
    change!(store, session, anna, set_admin(anna.id, true));
    change!(store, session, anna, set_active(anna.id, false));
    change!(store, session, anna, set_language(anna.id, Language::German));
    change!(store, session, anna, advance_credentials_version(anna.id, credentials_version));
    let credentials_version = credentials_version.next();
    let kept = change!(
        store,
        session,
        anna,
        keep_only_session(anna.id, session.id, credentials_version, given::noon())
    );
    assert_eq!(kept.unwrap().0.credentials_version, credentials_version);
    change!(store, session, anna, end_session(session.id, given::noon()));

    let ends: [fn(&Session) -> End; 5] = [
        |session| End::Others(session.user_id),
        |session| End::All(session.user_id),
        |session| End::Newest(session.user_id),
        |_| End::Purge,
        |_| End::AllUsers,
    ];
    for end in ends {
        let session = given::stored_session(store, &anna).await;
        assert!(store.find_session(session.id).await.unwrap().is_some());
        end(&session).carry_out(store, &anna).await;
        assert_eq!(store.find_session(session.id).await.unwrap(), None);
    }
    let session = given::stored_session(store, &anna).await;
    assert_eq!(change!(store, session, anna, delete_user(anna.id, given::noon())), None);
}

/// Operations that end a session without its id.
enum End {
    Others(UserId),
    All(UserId),
    Newest(UserId),
    Purge,
    AllUsers,
}

impl End {
    async fn carry_out(self, store: &dyn Store, owner: &User) {
        match self {
            Self::Others(user) => {
                let kept = given::stored_session(store, owner).await;
                commit!(
                    store,
                    keep_only_session(user, kept.id, owner.credentials_version, given::noon())
                );
            }
            Self::All(user) => commit!(store, end_sessions(user, given::noon())),
            Self::Newest(user) => {
                given::stored_session(store, owner).await;
                commit!(store, keep_newest_sessions(user, 1, given::noon()));
            }
            Self::Purge => {
                commit!(store, purge(given::noon() + Duration::days(3650), 1000));
            }
            Self::AllUsers => {
                commit!(store, revoke_everything(given::noon()));
            }
        }
    }
}
