//! The context of a page: session, language, theme and cookies of a request, and the response made
//! from them.

use std::sync::Arc;
use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{FromRequest, Request, RequestBody, Response, Result};
use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::secret::Secret;
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::authenticated_session::AuthenticatedSession;
use vestibule_domain::use_cases::sessions::browser::BrowserSignIn;

use crate::cookies::Cookie;
use crate::csrf;
use crate::flash::{self, Flash};
use crate::forms::retry_after;
use crate::page_error::PageError;
use crate::paths;
use crate::state::AppState;
use crate::views::{Failure, Frame, Theme, View, Visitor};

mod locale;

use locale::{accepted_language, asked_language, chosen_language, local_address};

/// Allows scripts, styles and forms of the same origin only, and no framing (CSP level 3).
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'";
/// Lifetime of the language and theme cookies: a year.
const PREFERENCE_TTL: Duration = Duration::from_hours(24 * 365);
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The context of a page.
pub(crate) struct PageContext {
    /// State of the pages.
    pub(crate) app: Arc<AppState>,
    /// IP address and user agent of the client.
    pub(crate) client: ClientInfo,
    /// Language of the page.
    pub(crate) language: Language,
    /// The session of the request, if the user is signed in.
    pub(crate) signed_in: Option<AuthenticatedSession>,
    /// `true` if the browser sent the key of a session that no longer exists.
    pub(crate) session_expired: bool,
    /// The flash message of the previous page.
    pub(crate) flash: Option<Flash>,
    theme: Theme,
    /// The page to which the theme and language forms return.
    path: String,
    form_token: String,
    cookies: Vec<HeaderValue>,
}

impl<'a> FromRequest<'a> for PageContext {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let app = request.data::<Arc<AppState>>().ok_or(StatusCode::INTERNAL_SERVER_ERROR);
        let app = app.map_err(poem::Error::from_status)?;
        Ok(Self::new(app, request).await?)
    }
}

impl PageContext {
    async fn new(app: &Arc<AppState>, request: &Request) -> Result<Self, PageError> {
        let mut context = Self::anonymous(app, request);
        if let Some(key) = app.jar.read(request.headers(), Cookie::Session) {
            match app.state.sessions.authenticate_browser(key, &context.client).await {
                Ok(current) => context.signed_in = Some(current),
                Err(Error::Unauthenticated) => {
                    context.session_expired = true;
                    // The key is removed on the sign-in page only: a late response of another page
                    // must not remove a key that was set meanwhile in another tab.
                    if request.uri().path() == paths::LOGIN {
                        context.remove_session();
                        context.create_form_cookie();
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        let own = context.signed_in.as_ref().and_then(|current| current.user.language);
        context.language =
            chosen_language(&context.app, request).or(own).unwrap_or(context.language);
        Ok(context)
    }

    /// Creates the context of a request without authenticating it.
    pub(crate) fn anonymous(app: &Arc<AppState>, request: &Request) -> Self {
        let headers = request.headers();
        let read = |cookie| app.jar.read(headers, cookie);
        let held = read(Cookie::Session).or_else(|| read(Cookie::Form));
        let now = app.state.clock.now();
        let mut context = Self {
            client: request.extensions().get::<ClientInfo>().cloned().unwrap_or_default(),
            language: chosen_language(app, request)
                .or_else(|| accepted_language(headers))
                .unwrap_or_default(),
            signed_in: None,
            session_expired: false,
            flash: read(Cookie::Flash)
                .and_then(|value| flash::open(&*app.state.sealer, value, now)),
            theme: read(Cookie::Theme).and_then(Theme::from_name).unwrap_or_default(),
            path: local_address(request).unwrap_or(paths::HOME).to_owned(),
            form_token: held.map(csrf::form_token).unwrap_or_default(),
            cookies: Vec::new(),
            app: app.clone(),
        };
        if held.is_none() {
            context.create_form_cookie();
        }
        if let Some(language) = asked_language(request) {
            context.choose_language(language);
        }
        context
    }

    /// Sets the page to which the theme and language forms return.
    pub(crate) fn with_path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Returns the admin context of the signed-in administrator.
    ///
    /// # Errors
    /// A redirect to the sign-in page without a session; 403 for other users.
    pub(crate) fn admin(&self) -> Result<AdminContext, PageError> {
        Ok(AdminContext::of(self.signed_in()?.clone())?)
    }

    /// Returns the session of the request.
    ///
    /// # Errors
    /// A redirect to the sign-in page, which returns here, without a session.
    pub(crate) fn signed_in(&self) -> Result<&AuthenticatedSession, PageError> {
        self.signed_in.as_ref().ok_or_else(|| PageError::sign_in_first(&self.path))
    }

    /// Sets the language, and stores it in a cookie.
    pub(crate) fn choose_language(&mut self, language: Language) {
        self.language = language;
        self.set_cookie(Cookie::Language, language.tag(), PREFERENCE_TTL);
    }

    /// Sets the theme, and stores it in a cookie.
    pub(crate) fn choose_theme(&mut self, theme: Theme) {
        self.theme = theme;
        self.set_cookie(Cookie::Theme, theme.name(), PREFERENCE_TTL);
    }

    /// Starts a session in the browser, and ends the previous one.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub(crate) async fn sign_in(&mut self, signed_in: BrowserSignIn) -> Result<(), PageError> {
        if let Some(before) = self.signed_in.take() {
            self.app.state.sessions.sign_out(&before).await?;
        }
        let BrowserSignIn { user, session, key } = signed_in;
        let client = self.client.clone();
        self.signed_in = Some(AuthenticatedSession { user, session, client });
        self.renew_session(&key);
        self.remove_cookie(Cookie::Form);
        Ok(())
    }

    /// Stores a new key of the session, and derives the form token from it.
    pub(crate) fn renew_session(&mut self, key: &Secret) {
        self.set_cookie(Cookie::Session, key.expose(), self.app.options.session_ttl);
        self.form_token = csrf::form_token(key.expose());
    }

    /// Removes the session from the browser.
    pub(crate) fn remove_session(&mut self) {
        self.signed_in = None;
        self.remove_cookie(Cookie::Session);
    }

    /// Sets the flash message for the next page.
    pub(crate) fn set_flash(&mut self, flash: Flash) {
        let now = self.app.state.clock.now();
        if let Some(value) = flash::seal(&*self.app.state.sealer, flash, now) {
            self.set_cookie(Cookie::Flash, &value, flash::TTL.unsigned_abs());
        }
    }

    /// Returns the flash message and removes it.
    pub(crate) fn take_flash(&mut self) -> Option<Flash> {
        let flash = self.flash.take();
        if flash.is_some() {
            self.remove_cookie(Cookie::Flash);
        }
        flash
    }

    /// Redirects to another address.
    pub(crate) fn redirect(self, address: &str) -> Response {
        let mut response = Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(header::LOCATION, address)
            .finish();
        self.add_cookies(response.headers_mut());
        response
    }

    /// Renders a page.
    ///
    /// # Errors
    /// `Internal` if the page cannot be rendered.
    pub(crate) fn page<V: View>(self, status: StatusCode, view: &V) -> Result<Response, PageError> {
        self.render(status, view, false)
    }

    /// Renders an administration page, with a warning if mail is not configured.
    ///
    /// # Errors
    /// `Unavailable`; `Internal`, also if the page cannot be rendered.
    pub(crate) async fn admin_page<V: View>(
        self,
        status: StatusCode,
        view: &V,
    ) -> Result<Response, PageError> {
        let mail_is_missing = !self.app.state.smtp.is_set_up().await?;
        self.render(status, view, mail_is_missing)
    }

    /// Renders an error page, or redirects if the error is a redirect.
    fn error(self, error: &PageError, reference: Option<String>) -> Response {
        if let Some(location) = &error.location {
            return self.redirect(location);
        }
        let page = self.page(error.status, &Failure { kind: error.kind, reference });
        let mut response = page.unwrap_or_else(|_| error.status.into());
        if let Some(seconds) = error.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn render<V: View>(
        self,
        status: StatusCode,
        view: &V,
        mail_is_missing: bool,
    ) -> Result<Response, PageError> {
        let frame = Frame {
            language: self.language,
            theme: self.theme,
            product: &self.app.options.product,
            path: &self.path,
            form_token: &self.form_token,
            visitor: self.signed_in.as_ref().map(|current| Visitor {
                email: current.user.email.as_str(),
                is_admin: current.user.is_admin,
            }),
            mail_is_missing,
        };
        let html = self.app.files.renderer.page(&frame, view);
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

    fn create_form_cookie(&mut self) {
        let secret = Secret::generate(&*self.app.state.random);
        self.form_token = csrf::form_token(secret.expose());
        self.set_cookie(Cookie::Form, secret.expose(), self.app.options.session_ttl);
    }

    fn set_cookie(&mut self, cookie: Cookie, value: &str, ttl: Duration) {
        self.replace_cookie(cookie, self.app.jar.set(cookie, value, ttl));
    }

    fn remove_cookie(&mut self, cookie: Cookie) {
        self.replace_cookie(cookie, self.app.jar.clear(cookie));
    }

    /// Replaces an earlier header of the same cookie: a response sets each cookie once.
    fn replace_cookie(&mut self, cookie: Cookie, header: Option<HeaderValue>) {
        let prefix = format!("{}=", self.app.jar.name(cookie));
        self.cookies.retain(|earlier| !earlier.as_bytes().starts_with(prefix.as_bytes()));
        self.cookies.extend(header);
    }

    fn add_cookies(self, headers: &mut HeaderMap) {
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

/// A copy of the address and headers of a request, for its error page: handlers consume requests.
pub(crate) struct RequestCopy(Request);

impl RequestCopy {
    /// Copies address and headers.
    pub(crate) fn of(request: &Request) -> Self {
        let mut copy = Request::builder().uri(request.uri().clone()).finish();
        copy.headers_mut().clone_from(request.headers());
        Self(copy)
    }

    /// Takes the request id from the headers of the response.
    pub(crate) fn with_id_of(mut self, headers: &HeaderMap) -> Self {
        if let Some(id) = headers.get(REQUEST_ID) {
            self.0.headers_mut().insert(REQUEST_ID, id.clone());
        }
        self
    }

    /// Renders an error page for the request.
    pub(crate) fn error(&self, app: &Arc<AppState>, error: &PageError) -> Response {
        let reference = self.0.header(REQUEST_ID).map(str::to_owned);
        PageContext::anonymous(app, &self.0).error(error, reference)
    }
}
