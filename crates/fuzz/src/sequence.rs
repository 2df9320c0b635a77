//! Target `sequence`: after any sequence of actions, sessions and links match a simple model.

mod model;

use time::Duration;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::model::password::Password;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::Store;
use vestibule_domain::use_cases::accounts::{ChangePassword, SignUp};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::recovery::ResetPassword;
use vestibule_domain::use_cases::sessions::{SignIn, SignedIn};

use self::model::Model;
use crate::input::Input;
use crate::runtime::block_on;
use crate::test_app::{UseCases, address};

/// Maximum number of actions; longer sequences find nothing new.
const MAX_STEPS: usize = 48;
const USERS: [&str; 2] = ["anna@example.com", "bert@example.com"];
/// Pauses that cross the lifetimes of tokens, sessions and links.
const PAUSES: [Duration; 8] = [
    Duration::SECOND,
    Duration::seconds(9),
    Duration::seconds(59),
    Duration::minutes(14),
    Duration::minutes(29),
    Duration::hours(1),
    Duration::days(6),
    Duration::days(23),
];

/// The use cases and the model, with the tokens and links of the users.
struct Scenario {
    use_cases: UseCases,
    model: Model,
    /// Newest access token and all refresh tokens of each session, oldest first.
    tokens: Vec<(String, Vec<String>)>,
    links: Vec<String>,
    client: ClientInfo,
}

/// Runs a sequence of actions.
///
/// Input: two bytes for each action and its parameter.
///
/// # Panics
/// Panics if a result, a session or a link differs from the model.
pub(crate) fn sequence(data: &[u8]) {
    let mut scenario = Scenario {
        use_cases: UseCases::new(),
        model: Model::default(),
        tokens: Vec::new(),
        links: Vec::new(),
        client: ClientInfo::default(),
    };
    let mut input = Input::new(data);
    block_on(async {
        for _ in 0..MAX_STEPS {
            if input.is_empty() {
                break;
            }
            let (action, with) = (input.byte(), input.byte());
            // Links issued at the same time have no order.
            scenario.wait(Duration::MILLISECOND);
            scenario.step(action, with).await;
            scenario.compare(action, with).await;
        }
    });
}

impl Scenario {
    async fn step(&mut self, action: u8, with: u8) {
        let (low, high) = (usize::from(with % 16), usize::from(with / 16));
        let user = low % USERS.len();
        match action % 10 {
            0 => self.sign_up(user, high).await,
            1 => self.sign_in(user, high).await,
            2 => self.change(low, high).await,
            3 => self.refresh(low, high).await,
            4 => self.sign_out(low).await,
            5 => self.forgot_password(user).await,
            6 => self.reset(low, high).await,
            7 => self.set_active(user, false).await,
            8 => self.set_active(user, true).await,
            _ => self.wait(PAUSES[low % PAUSES.len()]),
        }
    }

    fn wait(&mut self, pause: Duration) {
        self.use_cases.clock.advance(pause);
        self.model.now += pause;
    }

    fn store_tokens(&mut self, signed_in: &SignedIn) {
        let refresh = vec![signed_in.refresh_token.expose().to_string()];
        self.tokens.push((signed_in.access_token.expose().to_owned(), refresh));
    }

    async fn sign_up(&mut self, user: usize, with: usize) {
        let email = email_of(user);
        let username = Username::parse(email.local_part()).unwrap();
        let request = SignUp { email, username, password: password(with), language: None };
        let outcome = self.use_cases.accounts.sign_up(request, &self.client).await;
        assert_eq!(outcome.is_ok(), self.model.sign_up(user, with % 3), "{outcome:?}");
        if let Ok(signed_in) = &outcome {
            self.store_tokens(signed_in);
        }
    }

    async fn sign_in(&mut self, user: usize, with: usize) {
        let request = SignIn { email: email_of(user), password: password(with), language: None };
        let outcome = self.use_cases.sessions.sign_in(request, &self.client).await;
        assert_eq!(outcome.is_ok(), self.model.sign_in(user, with % 3), "{outcome:?}");
        if let Ok(signed_in) = &outcome {
            self.store_tokens(signed_in);
        }
    }

    async fn change(&mut self, session: usize, with: usize) {
        let Some((at, access)) = self.recent_session(session) else { return };
        let (old, new) = (with % 3, with / 3 % 3);
        let expected = self.model.change(at, old, new);
        let Ok(authenticated) = self.use_cases.sessions.authenticate(&access, &self.client).await
        else {
            return assert!(!expected);
        };
        let request = ChangePassword { old: password(old), new: password(new) };
        let outcome = self.use_cases.accounts.change_password(&authenticated, request).await;
        assert_eq!(outcome.is_ok(), expected, "{outcome:?}");
    }

    async fn refresh(&mut self, session: usize, back: usize) {
        let Some((at, _)) = self.recent_session(session) else { return };
        let tokens = &self.tokens[at].1;
        // Mostly the newest token.
        let back = back.saturating_sub(10).min(tokens.len() - 1);
        let turn = tokens.len() - 1 - back;
        let outcome = self.use_cases.sessions.refresh(&tokens[turn], &self.client).await;
        assert_eq!(outcome.is_ok(), self.model.refresh(at, back), "{back} back: {outcome:?}");
        if let Ok(signed_in) = outcome {
            let (access, tokens) = &mut self.tokens[at];
            signed_in.access_token.expose().clone_into(access);
            let successor = signed_in.refresh_token.expose().to_string();
            if back == 0 {
                tokens.push(successor);
            } else {
                assert_eq!(successor, tokens[turn + 1]);
            }
        }
    }

    async fn sign_out(&mut self, session: usize) {
        let Some((at, access)) = self.recent_session(session) else { return };
        let authenticated = self.use_cases.sessions.authenticate(&access, &self.client).await;
        assert_eq!(authenticated.is_ok(), self.model.sign_out(at));
        if let Ok(authenticated) = authenticated {
            self.use_cases.sessions.sign_out(&authenticated).await.unwrap();
        }
    }

    async fn forgot_password(&mut self, user: usize) {
        let use_cases = &self.use_cases;
        use_cases.recovery.request(&email_of(user), &self.client).await.unwrap();
        while use_cases.recovery.issue_next().await.unwrap() {}
        while !use_cases.dispatcher.run_once().await.unwrap().is_empty() {}
        let links: Vec<String> = use_cases.outgoing.take().iter().filter_map(token_of).collect();
        assert_eq!(links.len(), usize::from(self.model.forgot_password(user)));
        self.links.extend(links);
    }

    async fn reset(&mut self, link: usize, with: usize) {
        let Some(at) = self.links.len().checked_sub(link % 4 + 1) else { return };
        let request = ResetPassword { token: self.links[at].clone(), password: password(with) };
        let outcome = self.use_cases.recovery.reset(request, &self.client).await;
        assert_eq!(outcome.is_ok(), self.model.reset(at, with % 3), "{outcome:?}");
    }

    async fn set_active(&mut self, user: usize, active: bool) {
        let found = self.use_cases.store.find_user_by_email(email_of(user).key()).await.unwrap();
        assert_eq!(found.is_some(), self.model.set_active(user, active));
        if let Some((user, _)) = found {
            let (by, administration) = (AdminContext::operator(), &self.use_cases.administration);
            let outcome = if active {
                administration.activate(&by, &user).await
            } else {
                administration.deactivate(&by, &user).await
            };
            outcome.unwrap();
        }
    }

    /// Returns one of the newest sessions with its access token.
    fn recent_session(&self, session: usize) -> Option<(usize, String)> {
        let at = self.tokens.len().checked_sub(session % 4 + 1)?;
        Some((at, self.tokens[at].0.clone()))
    }

    /// Compares all sessions and links with the model.
    async fn compare(&self, action: u8, with: u8) {
        for (at, (access, _)) in self.tokens.iter().enumerate() {
            let authenticated = self.use_cases.sessions.authenticate(access, &self.client).await;
            let is_in = self.model.is_signed_in(at);
            assert_eq!(
                authenticated.is_ok(),
                is_in,
                "session {at} after {action} {with}: {authenticated:?}"
            );
        }
        for (at, link) in self.links.iter().enumerate() {
            let works = self.use_cases.recovery.verify(link).await.unwrap();
            assert_eq!(works, self.model.is_link_valid(at), "link {at} after {action} {with}");
        }
    }
}

fn token_of(message: &Message) -> Option<String> {
    match &message.content {
        Content::ResetLink { token, .. } => Some(token.expose().to_owned()),
        _ => None,
    }
}

fn email_of(user: usize) -> EmailAddress {
    address(USERS[user])
}

fn password(with: usize) -> Password {
    Password::parse(&format!("a good long phrase {}", with % 3)).unwrap()
}
