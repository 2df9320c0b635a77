//! A simple model of accounts, sessions and links.
//!
//! Methods return `true` if the action succeeds.

use time::Duration;

const ACCESS: Duration = Duration::minutes(15);
const IDLE: Duration = Duration::days(7);
const ABSOLUTE: Duration = Duration::days(30);
const GRACE: Duration = Duration::seconds(10);
const LINK: Duration = Duration::minutes(30);
const COALESCE: Duration = Duration::minutes(1);
const LINKS_AN_HOUR: usize = 5;

/// Accounts, sessions and links.
#[derive(Default)]
pub(super) struct Model {
    /// Time since the start of the scenario.
    pub(super) now: Duration,
    accounts: [Option<Account>; 2],
    sessions: Vec<Session>,
    links: Vec<Link>,
}

struct Account {
    password: usize,
    is_active: bool,
}

struct Session {
    user: usize,
    is_ended: bool,
    opened: Duration,
    seen: Duration,
    access_until: Duration,
    exchanged: Option<Duration>,
}

struct Link {
    user: usize,
    is_invalid: bool,
    issued: Duration,
}

impl Model {
    pub(super) fn sign_up(&mut self, user: usize, password: usize) -> bool {
        if self.accounts[user].is_some() {
            return false;
        }
        self.accounts[user] = Some(Account { password, is_active: true });
        self.start_session(user);
        true
    }

    pub(super) fn sign_in(&mut self, user: usize, password: usize) -> bool {
        let account = self.accounts[user].as_ref();
        let is_right = account.is_some_and(|it| it.is_active && it.password == password);
        if is_right {
            self.start_session(user);
        }
        is_right
    }

    fn start_session(&mut self, user: usize) {
        self.sessions.push(Session {
            user,
            is_ended: false,
            opened: self.now,
            seen: self.now,
            access_until: self.now + ACCESS,
            exchanged: None,
        });
    }

    fn is_live(&self, at: usize) -> bool {
        let session = &self.sessions[at];
        !session.is_ended && self.now < session.opened + ABSOLUTE && self.now < session.seen + IDLE
    }

    pub(super) fn is_signed_in(&self, at: usize) -> bool {
        self.is_live(at) && self.now < self.sessions[at].access_until
    }

    pub(super) fn change(&mut self, at: usize, old: usize, new: usize) -> bool {
        let user = self.sessions[at].user;
        let is_signed_in = self.is_signed_in(at);
        let Some(account) = &mut self.accounts[user] else { return false };
        if !is_signed_in || account.password != old || old == new {
            return false;
        }
        account.password = new;
        self.end_all(user, Some(at));
        true
    }

    pub(super) fn refresh(&mut self, at: usize, back: usize) -> bool {
        if !self.is_live(at) {
            return false;
        }
        let now = self.now;
        let session = &mut self.sessions[at];
        let is_late = session.exchanged.is_none_or(|exchanged| now >= exchanged + GRACE);
        if back > 1 || back == 1 && is_late {
            session.is_ended = true;
            return false;
        }
        if back == 0 {
            (session.seen, session.exchanged) = (now, Some(now));
        }
        session.access_until = now + ACCESS;
        true
    }

    pub(super) fn sign_out(&mut self, at: usize) -> bool {
        let was_in = self.is_signed_in(at);
        self.sessions[at].is_ended |= was_in;
        was_in
    }

    pub(super) fn forgot_password(&mut self, user: usize) -> bool {
        let hour_ago = self.now - Duration::HOUR;
        let own = self.links.iter().filter(|link| link.user == user);
        let recent = own.filter(|link| link.issued >= hour_ago).count();
        let is_fresh = |at: &usize| {
            let link = &self.links[*at];
            link.user == user && self.is_link_valid(*at) && self.now < link.issued + COALESCE
        };
        let has_fresh = (0..self.links.len()).any(|at| is_fresh(&at));
        let is_active = self.accounts[user].as_ref().is_some_and(|account| account.is_active);
        if !is_active || has_fresh || recent >= LINKS_AN_HOUR {
            return false;
        }
        self.end_links(user);
        self.links.push(Link { user, is_invalid: false, issued: self.now });
        true
    }

    pub(super) fn is_link_valid(&self, at: usize) -> bool {
        let link = &self.links[at];
        !link.is_invalid && self.now < link.issued + LINK
    }

    pub(super) fn reset(&mut self, at: usize, password: usize) -> bool {
        let user = self.links[at].user;
        let works = self.is_link_valid(at);
        let Some(account) = &mut self.accounts[user] else { return false };
        if !works || account.password == password {
            return false;
        }
        account.password = password;
        self.end_all(user, None);
        true
    }

    pub(super) fn set_active(&mut self, user: usize, active: bool) -> bool {
        let Some(account) = &mut self.accounts[user] else { return false };
        account.is_active = active;
        if !active {
            self.end_all(user, None);
        }
        true
    }

    /// Ends all sessions of a user except one, and all links.
    fn end_all(&mut self, user: usize, except: Option<usize>) {
        for (at, session) in self.sessions.iter_mut().enumerate() {
            session.is_ended |= session.user == user && Some(at) != except;
        }
        self.end_links(user);
    }

    fn end_links(&mut self, user: usize) {
        for link in self.links.iter_mut().filter(|link| link.user == user) {
            link.is_invalid = true;
        }
    }
}
