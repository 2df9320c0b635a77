//! What is ours: notes, each of which is its owner's alone. They are forgotten when the service
//! stops; what is to be seen here is how a path of ours asks who is calling.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use poem::http::StatusCode;
use poem::web::{Data, Json};
use poem::{FromRequest, Request, RequestBody, Result, handler};
use serde::Deserialize;
use vestibule_domain::id::UserId;
use vestibule_domain::sessions::Actor;
use vestibule_domain::user::User;
use vestibule_http::State;

/// Everybody's notes, and who can tell whose are asked for.
#[derive(Clone)]
pub struct Notes {
    api: State,
    written: Arc<Mutex<HashMap<UserId, Vec<String>>>>,
}

impl Notes {
    /// None yet.
    pub fn of(api: State) -> Self {
        Self { api, written: Arc::default() }
    }

    fn with<T>(&self, owner: &User, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        act(written.entry(owner.id).or_default())
    }
}

/// What a new note says.
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

/// Whoever holds the access token of a session that lives.
struct Signed(Actor);

impl<'a> FromRequest<'a> for Signed {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let Data(notes) = Data::<&Notes>::from_request(request, body).await?;
        notes.api.signed_in(request).await.map(Self)
    }
}
