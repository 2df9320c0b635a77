//! The example's own routes: notes that only their owner can read, kept in memory. They show how a
//! handler gets the signed-in user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use poem::http::StatusCode;
use poem::web::{Data, Json};
use poem::{FromRequest, Request, RequestBody, Result, handler};
use serde::Deserialize;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::user::User;
use vestibule_domain::use_cases::authenticated_session::AuthenticatedSession;
use vestibule_http::ApiState;

/// The notes of all users, and the state of the API, which authenticates requests.
#[derive(Clone)]
pub struct Notes {
    api: ApiState,
    written: Arc<Mutex<HashMap<UserId, Vec<String>>>>,
}

impl Notes {
    /// Creates an empty list of notes.
    pub fn of(api: ApiState) -> Self {
        Self { api, written: Arc::default() }
    }

    fn with<T>(&self, owner: &User, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        act(written.entry(owner.id).or_default())
    }
}

/// Body of a new note.
#[derive(Deserialize)]
struct NewNote {
    text: String,
}

#[handler]
pub(crate) fn list(Signed(actor): Signed, Data(notes): Data<&Notes>) -> Json<Vec<String>> {
    Json(notes.with(&actor.user, |theirs| theirs.clone()))
}

#[handler]
pub(crate) fn add(
    Signed(actor): Signed,
    Data(notes): Data<&Notes>,
    Json(note): Json<NewNote>,
) -> StatusCode {
    notes.with(&actor.user, |theirs| theirs.push(note.text));
    StatusCode::CREATED
}

/// Extractor of the signed-in user.
struct Signed(AuthenticatedSession);

impl<'a> FromRequest<'a> for Signed {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let Data(notes) = Data::<&Notes>::from_request(request, body).await?;
        notes.api.signed_in(request).await.map(Self)
    }
}
