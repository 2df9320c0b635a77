//! Stories: whatever people do in whatever order, who is signed in is what a few lines of
//! book-keeping say.

mod model;

use time::Duration;
use vestibule_domain::accounts::{ChangePassword, SignUp};
use vestibule_domain::authority::Authority;
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::password::Password;
use vestibule_domain::ports::Store;
use vestibule_domain::recovery::ResetPassword;
use vestibule_domain::sessions::{SignIn, SignedIn};
use vestibule_domain::username::Username;

use self::model::Model;
use crate::input::Input;
use crate::runtime::block_on;
use crate::site::{World, address};

/// A story that is longer says nothing new.
const MAX_STEPS: usize = 48;
const PEOPLE: [&str; 2] = ["anna@example.com", "bert@example.com"];
/// Around each of the spans that something lives for.
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

/// The real thing beside the model, with what people hold in their hands.
struct Story {
    world: World,
    model: Model,
    /// Of each session: the newest access token, and every refresh token, oldest first.
    held: Vec<(String, Vec<String>)>,
    links: Vec<String>,
    caller: Caller,
}

/// Steps of two bytes: who does what, and with what.
///
/// # Panics
/// When the service answers otherwise than the model, or somebody is signed in who should not be,
/// or the other way round.
pub(crate) fn sequence(data: &[u8]) {
    let mut story = Story {
        world: World::new(),
        model: Model::default(),
        held: Vec::new(),
        links: Vec::new(),
        caller: Caller::default(),
    };
    let mut input = Input::new(data);
    block_on(async {
        for _ in 0..MAX_STEPS {
            if input.is_empty() {
                break;
            }
            let (act, with) = (input.byte(), input.byte());
            // Two links of one moment have no order.
            story.wait(Duration::MILLISECOND);
            story.step(act, with).await;
            story.compare(act, with).await;
        }
    });
}

impl Story {
    async fn step(&mut self, act: u8, with: u8) {
        let (low, high) = (usize::from(with % 16), usize::from(with / 16));
        let who = low % PEOPLE.len();
        match act % 10 {
            0 => self.sign_up(who, high).await,
            1 => self.sign_in(who, high).await,
            2 => self.change(low, high).await,
            3 => self.refresh(low, high).await,
            4 => self.sign_out(low).await,
            5 => self.forget(who).await,
            6 => self.reset(low, high).await,
            7 => self.set_active(who, false).await,
            8 => self.set_active(who, true).await,
            _ => self.wait(PAUSES[low % PAUSES.len()]),
        }
    }

    fn wait(&mut self, pause: Duration) {
        self.world.clock.advance(pause);
        self.model.now += pause;
    }

    fn hold(&mut self, signed_in: &SignedIn) {
        let refresh = vec![signed_in.refresh_token.expose().to_string()];
        self.held.push((signed_in.access_token.expose().to_owned(), refresh));
    }

    async fn sign_up(&mut self, who: usize, with: usize) {
        let email = person(who);
        let username = Username::parse(email.local_part()).unwrap();
        let request = SignUp { email, username, password: password(with), language: None };
        let outcome = self.world.accounts.sign_up(request, &self.caller).await;
        assert_eq!(outcome.is_ok(), self.model.sign_up(who, with % 3), "{outcome:?}");
        if let Ok(signed_in) = &outcome {
            self.hold(signed_in);
        }
    }

    async fn sign_in(&mut self, who: usize, with: usize) {
        let request = SignIn { email: person(who), password: password(with), language: None };
        let outcome = self.world.sessions.sign_in(request, &self.caller).await;
        assert_eq!(outcome.is_ok(), self.model.sign_in(who, with % 3), "{outcome:?}");
        if let Ok(signed_in) = &outcome {
            self.hold(signed_in);
        }
    }

    async fn change(&mut self, session: usize, with: usize) {
        let Some((at, access)) = self.one_of(session) else { return };
        let (old, new) = (with % 3, with / 3 % 3);
        let expected = self.model.change(at, old, new);
        let Ok(actor) = self.world.sessions.authenticate(&access, &self.caller).await else {
            return assert!(!expected);
        };
        let request = ChangePassword { old: password(old), new: password(new) };
        let outcome = self.world.accounts.change_password(&actor, request).await;
        assert_eq!(outcome.is_ok(), expected, "{outcome:?}");
    }

    async fn refresh(&mut self, session: usize, back: usize) {
        let Some((at, _)) = self.one_of(session) else { return };
        let tokens = &self.held[at].1;
        // Mostly the newest one.
        let back = back.saturating_sub(10).min(tokens.len() - 1);
        let turn = tokens.len() - 1 - back;
        let outcome = self.world.sessions.refresh(&tokens[turn], &self.caller).await;
        assert_eq!(outcome.is_ok(), self.model.refresh(at, back), "{back} back: {outcome:?}");
        if let Ok(signed_in) = outcome {
            let (access, tokens) = &mut self.held[at];
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
        let Some((at, access)) = self.one_of(session) else { return };
        let actor = self.world.sessions.authenticate(&access, &self.caller).await;
        assert_eq!(actor.is_ok(), self.model.sign_out(at));
        if let Ok(actor) = actor {
            self.world.sessions.sign_out(&actor).await.unwrap();
        }
    }

    async fn forget(&mut self, who: usize) {
        let world = &self.world;
        world.recovery.request(&person(who), &self.caller).await.unwrap();
        while world.recovery.issue_next().await.unwrap() {}
        while !world.dispatcher.run_once().await.unwrap().is_empty() {}
        let links: Vec<String> = world.outgoing.take().iter().filter_map(token_of).collect();
        assert_eq!(links.len(), usize::from(self.model.forget(who)));
        self.links.extend(links);
    }

    async fn reset(&mut self, link: usize, with: usize) {
        let Some(at) = self.links.len().checked_sub(link % 4 + 1) else { return };
        let request = ResetPassword { token: self.links[at].clone(), password: password(with) };
        let outcome = self.world.recovery.reset(request, &self.caller).await;
        assert_eq!(outcome.is_ok(), self.model.reset(at, with % 3), "{outcome:?}");
    }

    async fn set_active(&mut self, who: usize, active: bool) {
        let found = self.world.store.find_user_by_email(person(who).key()).await.unwrap();
        assert_eq!(found.is_some(), self.model.set_active(who, active));
        if let Some((user, _)) = found {
            let (by, people) = (Authority::operator(), &self.world.administration);
            let outcome = if active {
                people.activate(&by, &user).await
            } else {
                people.deactivate(&by, &user).await
            };
            outcome.unwrap();
        }
    }

    /// One of the newest sessions.
    fn one_of(&self, session: usize) -> Option<(usize, String)> {
        let at = self.held.len().checked_sub(session % 4 + 1)?;
        Some((at, self.held[at].0.clone()))
    }

    /// Everybody who ever was signed in, and every link.
    async fn compare(&self, act: u8, with: u8) {
        for (at, (access, _)) in self.held.iter().enumerate() {
            let actor = self.world.sessions.authenticate(access, &self.caller).await;
            let is_in = self.model.is_signed_in(at);
            assert_eq!(actor.is_ok(), is_in, "session {at} after {act} {with}: {actor:?}");
        }
        for (at, link) in self.links.iter().enumerate() {
            let works = self.world.recovery.verify(link).await.unwrap();
            assert_eq!(works, self.model.link_works(at), "link {at} after {act} {with}");
        }
    }
}

fn token_of(message: &Message) -> Option<String> {
    match &message.content {
        Content::ResetLink { token, .. } => Some(token.expose().to_owned()),
        _ => None,
    }
}

fn person(who: usize) -> EmailAddress {
    address(PEOPLE[who])
}

fn password(with: usize) -> Password {
    Password::parse(&format!("a good long phrase {}", with % 3)).unwrap()
}
