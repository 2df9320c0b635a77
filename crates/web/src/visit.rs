//! One request of a person: who, in what language, and what their browser is told besides the page.

use std::sync::Arc;
use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{FromRequest, Request, RequestBody, Response, Result};
use vestibule_domain::authority::Authority;
use vestibule_domain::caller::Caller;
use vestibule_domain::error::Error;
use vestibule_domain::language::Language;
use vestibule_domain::secret::Secret;
use vestibule_domain::sessions::Actor;
use vestibule_domain::sessions::browser::BrowserSignIn;

use crate::cookies::Cookie;
use crate::csrf;
use crate::fault::Fault;
use crate::flash::{self, Flash};
use crate::forms::retry_after;
use crate::paths;
use crate::site::Site;
use crate::views::{Frame, Theme, View, Visitor};

mod asked;

use asked::{accepted_language, asked_language, chosen_language, own_address};

/// Scripts, styles and forms of our own, and nothing else; frames nowhere (CSP level 3).
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'";
/// Choices of language and theme are kept for a year.
const CHOICE_LASTS: Duration = Duration::from_hours(24 * 365);
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// One request of a person.
pub(crate) struct Visit {
    pub(crate) site: Arc<Site>,
    pub(crate) caller: Caller,
    pub(crate) language: Language,
    /// Who is signed in.
    pub(crate) actor: Option<Actor>,
    /// Whether the browser holds the key of a session that is over.
    pub(crate) session_is_over: bool,
    /// What the page before has told.
    pub(crate) flash: Option<Flash>,
    theme: Theme,
    /// Where the forms of the frame lead back to.
    path: String,
    form_token: String,
    cookies: Vec<HeaderValue>,
}

impl<'a> FromRequest<'a> for Visit {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let site = request.data::<Arc<Site>>().ok_or(StatusCode::INTERNAL_SERVER_ERROR);
        let site = site.map_err(poem::Error::from_status)?;
        Ok(Self::new(site, request).await?)
    }
}

impl Visit {
    async fn new(site: &Arc<Site>, request: &Request) -> Result<Self, Fault> {
        let mut visit = Self::anonymous(site, request);
        if let Some(key) = site.jar.read(request.headers(), Cookie::Session) {
            match site.state.sessions.authenticate_browser(key, &visit.caller).await {
                Ok(actor) => visit.actor = Some(actor),
                Err(Error::Unauthenticated) => {
                    visit.session_is_over = true;
                    // Taken away where somebody signs in anew and nowhere else: an answer that comes
                    // late must not wipe a key that was given meanwhile in another tab.
                    if request.uri().path() == paths::LOGIN {
                        visit.dismiss();
                        visit.give_form_cookie();
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        let own = visit.actor.as_ref().and_then(|actor| actor.user.language);
        visit.language = chosen_language(&visit.site, request).or(own).unwrap_or(visit.language);
        Ok(visit)
    }

    /// A request of which nobody asks who is behind it.
    pub(crate) fn anonymous(site: &Arc<Site>, request: &Request) -> Self {
        let headers = request.headers();
        let read = |cookie| site.jar.read(headers, cookie);
        let held = read(Cookie::Session).or_else(|| read(Cookie::Form));
        let now = site.state.clock.now();
        let mut visit = Self {
            caller: request.extensions().get::<Caller>().cloned().unwrap_or_default(),
            language: chosen_language(site, request)
                .or_else(|| accepted_language(headers))
                .unwrap_or_default(),
            actor: None,
            session_is_over: false,
            flash: read(Cookie::Flash)
                .and_then(|value| flash::open(&*site.state.sealer, value, now)),
            theme: read(Cookie::Theme).and_then(Theme::from_name).unwrap_or_default(),
            path: own_address(request).unwrap_or(paths::HOME).to_owned(),
            form_token: held.map(csrf::form_token).unwrap_or_default(),
            cookies: Vec::new(),
            site: site.clone(),
        };
        if held.is_none() {
            visit.give_form_cookie();
        }
        if let Some(language) = asked_language(request) {
            visit.choose_language(language);
        }
        visit
    }

    /// Makes the frame's forms lead back to another page than the one that was asked for.
    pub(crate) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// The administrator behind the request.
    ///
    /// # Errors
    /// A redirect to the sign-in page for whoever is not signed in, 403 for everybody else.
    pub(crate) fn authority(&self) -> Result<Authority, Fault> {
        Ok(Authority::of(self.actor()?.clone())?)
    }

    /// Whoever is signed in.
    ///
    /// # Errors
    /// A redirect to the sign-in page, which leads back here.
    pub(crate) fn actor(&self) -> Result<&Actor, Fault> {
        self.actor.as_ref().ok_or_else(|| Fault::sign_in_first(&self.path))
    }

    /// Remembers a choice of language in the browser.
    pub(crate) fn choose_language(&mut self, language: Language) {
        self.language = language;
        self.give(Cookie::Language, language.tag(), CHOICE_LASTS);
    }

    /// Remembers a choice of theme in the browser.
    pub(crate) fn choose_theme(&mut self, theme: Theme) {
        self.theme = theme;
        self.give(Cookie::Theme, theme.name(), CHOICE_LASTS);
    }

    /// Gives the browser the key of a new session. One it had before is over.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub(crate) async fn admit(&mut self, signed_in: BrowserSignIn) -> Result<(), Fault> {
        if let Some(before) = self.actor.take() {
            self.site.state.sessions.sign_out(&before).await?;
        }
        let BrowserSignIn { user, session, key } = signed_in;
        self.actor = Some(Actor { user, session, caller: self.caller.clone() });
        self.renew(&key);
        self.take_away(Cookie::Form);
        Ok(())
    }

    /// Gives the browser another key of its session; forms on the page to come must know it.
    pub(crate) fn renew(&mut self, key: &Secret) {
        self.give(Cookie::Session, key.expose(), self.site.options.session_lasts);
        self.form_token = csrf::form_token(key.expose());
    }

    /// Takes the session's key from the browser.
    pub(crate) fn dismiss(&mut self) {
        self.actor = None;
        self.take_away(Cookie::Session);
    }

    /// Tells the next page something.
    pub(crate) fn tell(&mut self, flash: Flash) {
        let now = self.site.state.clock.now();
        if let Some(value) = flash::seal(&*self.site.state.sealer, flash, now) {
            self.give(Cookie::Flash, &value, flash::LASTS.unsigned_abs());
        }
    }

    /// Forgets what the page before has told, now that it is shown.
    pub(crate) fn forget_flash(&mut self) -> Option<Flash> {
        let told = self.flash.take();
        if told.is_some() {
            self.take_away(Cookie::Flash);
        }
        told
    }

    /// Leads on to another address.
    pub(crate) fn redirect(self, address: &str) -> Response {
        let mut response = Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(header::LOCATION, address)
            .finish();
        self.add_cookies(response.headers_mut());
        response
    }

    /// Answers with a page.
    ///
    /// # Errors
    /// `Internal` when the page cannot be written.
    pub(crate) fn page<V: View>(self, status: StatusCode, view: &V) -> Result<Response, Fault> {
        self.written(status, view, false)
    }

    /// Answers with a page of the administration, which says so when mail goes nowhere.
    ///
    /// # Errors
    /// `Unavailable`; `Internal` also when the page cannot be written.
    pub(crate) async fn admin_page<V: View>(
        self,
        status: StatusCode,
        view: &V,
    ) -> Result<Response, Fault> {
        let mail_is_missing = !self.site.state.mail_setup.is_set_up().await?;
        self.written(status, view, mail_is_missing)
    }

    fn written<V: View>(
        self,
        status: StatusCode,
        view: &V,
        mail_is_missing: bool,
    ) -> Result<Response, Fault> {
        let frame = Frame {
            language: self.language,
            theme: self.theme,
            product: &self.site.options.product,
            path: &self.path,
            form_token: &self.form_token,
            visitor: self.actor.as_ref().map(|actor| Visitor {
                email: actor.user.email.as_str(),
                is_admin: actor.user.is_admin,
            }),
            mail_is_missing,
        };
        let html = self.site.files.renderer.page(&frame, view);
        let html = html.map_err(|error| Error::Internal(error.into()))?;
        let mut response = Response::builder()
            .status(status)
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY)
            .header(header::CONTENT_LANGUAGE, self.language.tag())
            .header(header::VARY, "Cookie, Accept-Language")
            .body(html);
        if view.is_private() {
            response.headers_mut().insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex"));
        }
        if let Some(seconds) = view.form().and_then(|form| retry_after(status, form)) {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        self.add_cookies(response.headers_mut());
        Ok(response)
    }

    fn give_form_cookie(&mut self) {
        let secret = Secret::generate(&*self.site.state.random);
        self.form_token = csrf::form_token(secret.expose());
        self.give(Cookie::Form, secret.expose(), self.site.options.session_lasts);
    }

    fn give(&mut self, cookie: Cookie, value: &str, lasts: Duration) {
        self.set(cookie, self.site.jar.set(cookie, value, lasts));
    }

    fn take_away(&mut self, cookie: Cookie) {
        self.set(cookie, self.site.jar.clear(cookie));
    }

    /// The last word counts: a browser is told one thing about each cookie.
    fn set(&mut self, cookie: Cookie, header: Option<HeaderValue>) {
        let prefix = format!("{}=", self.site.jar.name(cookie));
        self.cookies.retain(|earlier| !earlier.as_bytes().starts_with(prefix.as_bytes()));
        self.cookies.extend(header);
    }

    fn add_cookies(self, headers: &mut HeaderMap) {
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}
