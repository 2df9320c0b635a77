//! Server-rendered pages for people: sign-in, sign-up, recovery, one's account, administration.
//!
//! Every page is complete without JavaScript: forms are plain posts that end in a redirect or in the
//! same page with what is wrong. Handlers turn forms into domain values, call one use case and fill
//! a view; templates turn views into pages. What is said stands in the catalogues of
//! `vestibule-locales`.

mod assets;
mod cookies;
mod csrf;
mod fault;
mod files;
mod flash;
mod forms;
mod icons;
mod pages;
mod paths;
mod render;
mod site;
mod views;
mod visit;

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::middleware::AddData;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Result};

pub use assets::AssetsError;
pub use files::{Files, SiteError};
pub use render::RenderError;
pub use site::{Explain, Options, SettingOrigin, State};

use fault::{Fault, RequestCopy};
use site::Site;
use views::FailureKind;

/// The pages, for the composition root to put beside the API.
#[derive(Clone)]
pub struct Pages {
    site: Arc<Site>,
}

impl Pages {
    /// Puts use cases, the operator's choices and what pages are made of together.
    pub fn new(state: State, options: Options, files: Files) -> Self {
        Self { site: Arc::new(Site::new(state, options, files)) }
    }

    /// The name of the cookie that holds the key of a session.
    pub fn session_cookie(&self) -> String {
        self.site.jar.name(cookies::Cookie::Session)
    }

    /// Answers people with pages, and leaves what is for programs to `programs`.
    pub fn beside<E>(&self, programs: E) -> impl Endpoint<Output = Response> + use<E>
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let routes = pages::routes().with(AddData::new(self.site.clone()));
        Beside { site: self.site.clone(), routes, programs }
    }

    /// Turns what went wrong around the pages, such as a body that is too large, into a page.
    /// Belongs outside of everything that may answer with a problem detail.
    pub fn dress<E>(&self, whole: E) -> impl Endpoint<Output = Response> + use<E>
    where
        E: Endpoint<Output = Response> + 'static,
    {
        Dressed { site: self.site.clone(), whole }
    }
}

/// Pages for people, and something else for programs.
struct Beside<P, E> {
    site: Arc<Site>,
    routes: P,
    programs: E,
}

impl<P, E> Endpoint for Beside<P, E>
where
    P: Endpoint,
    E: Endpoint<Output = Response>,
{
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if paths::is_for_programs(request.uri().path()) {
            return self.programs.call(request).await;
        }
        let copy = RequestCopy::of(&request);
        if !csrf::is_own(&mut request, self.site.jar, &self.site.options.origin).await {
            return Ok(Fault::form_expired().respond(&self.site, &copy));
        }
        let path = request.uri().path().to_owned();
        let error = match self.routes.call(request).await {
            Ok(answer) => return Ok(answer.into_response()),
            Err(error) => error,
        };
        let status = error.status();
        let fault = error
            .data::<Fault>()
            .cloned()
            .unwrap_or_else(|| Fault::new(status, FailureKind::of_status(status.as_u16())));
        let mut response = fault.respond(&self.site, &copy);
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let methods = HeaderValue::from_static(paths::methods(&path));
            response.headers_mut().insert(header::ALLOW, methods);
        }
        Ok(response)
    }
}

/// Everything, with pages for what went wrong.
struct Dressed<E> {
    site: Arc<Site>,
    whole: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Dressed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if paths::is_for_programs(request.uri().path()) {
            return self.whole.call(request).await;
        }
        let copy = RequestCopy::of(&request);
        let response = self.whole.call(request).await?;
        let is_problem = response.content_type() == Some("application/problem+json");
        if !is_problem {
            return Ok(response);
        }
        let status = response.status();
        let fault = Fault::new(status, FailureKind::of_status(status.as_u16()));
        let page = fault.respond(&self.site, &copy.named_by(response.headers()));
        // Headers that others have put on the answer stay, but for those that describe the body.
        let mut headers = response.headers().clone();
        headers.remove(header::CONTENT_LENGTH);
        headers.extend(page.headers().clone());
        let mut dressed = Response::builder().status(status).body(page.into_body());
        *dressed.headers_mut() = headers;
        Ok(dressed)
    }
}

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
