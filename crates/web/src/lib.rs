//! Server-rendered pages: sign-in, sign-up, password reset, account, administration.
//!
//! All pages work without JavaScript: forms are posted, and answered with a redirect or the same
//! page with its errors. Handlers parse forms into domain values, call one use case and fill a
//! view; templates render views. The texts are in the catalogues of `vestibule-locales`.

mod assets;
mod cookies;
mod csrf;
mod files;
mod flash;
mod folder;
mod form_parser;
mod forms;
mod icons;
mod page_context;
mod page_error;
mod pages;
mod paths;
mod render;
mod state;
mod views;

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::middleware::AddData;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Result};

pub use assets::AssetsError;
pub use files::{Files, FilesError};
pub use render::RenderError;
pub use state::{Explain, Options, SettingOrigin, WebState};

use page_context::RequestCopy;
use page_error::PageError;
use state::AppState;

/// The pages, to be served beside an API.
#[derive(Clone)]
pub struct Pages {
    app: Arc<AppState>,
}

impl Pages {
    /// Creates the pages from use cases, options and files.
    pub fn new(state: WebState, options: Options, files: Files) -> Self {
        Self { app: Arc::new(AppState::new(state, options, files)) }
    }

    /// Returns the name of the session cookie.
    pub fn session_cookie(&self) -> String {
        self.app.jar.name(cookies::Cookie::Session)
    }

    /// Serves the pages, and passes other paths on to `api`.
    pub fn with_api<E>(&self, api: E) -> impl Endpoint<Output = Response> + use<E>
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let pages = pages::routes().with(AddData::new(self.app.clone()));
        WithApi { app: self.app.clone(), pages, api }
    }

    /// Replaces problem details for paths of pages, such as 413, with error pages. Belongs outside
    /// all layers that return problem details.
    pub fn with_error_pages<E>(&self, inner: E) -> impl Endpoint<Output = Response> + use<E>
    where
        E: Endpoint<Output = Response> + 'static,
    {
        WithErrorPages { app: self.app.clone(), inner }
    }
}

/// Serves the pages, and passes other paths on to the API.
struct WithApi<P, E> {
    app: Arc<AppState>,
    pages: P,
    api: E,
}

impl<P, E> Endpoint for WithApi<P, E>
where
    P: Endpoint,
    E: Endpoint<Output = Response>,
{
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if paths::is_api_path(request.uri().path()) {
            return self.api.call(request).await;
        }
        let copy = RequestCopy::of(&request);
        if !csrf::is_allowed(&mut request, self.app.jar, &self.app.options.origin).await {
            return Ok(copy.error(&self.app, &PageError::form_expired()));
        }
        let path = request.uri().path().to_owned();
        let error = match self.pages.call(request).await {
            Ok(response) => return Ok(response.into_response()),
            Err(error) => error,
        };
        let status = error.status();
        let error = error.data::<PageError>().cloned();
        let error = error.unwrap_or_else(|| PageError::of_status(status));
        let mut response = copy.error(&self.app, &error);
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let methods = HeaderValue::from_static(paths::methods(&path));
            response.headers_mut().insert(header::ALLOW, methods);
        }
        Ok(response)
    }
}

/// Replaces problem details with error pages.
struct WithErrorPages<E> {
    app: Arc<AppState>,
    inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for WithErrorPages<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if paths::is_api_path(request.uri().path()) {
            return self.inner.call(request).await;
        }
        let copy = RequestCopy::of(&request);
        let response = self.inner.call(request).await?;
        let is_problem = response.content_type() == Some("application/problem+json");
        if !is_problem {
            return Ok(response);
        }
        let status = response.status();
        let copy = copy.with_id_of(response.headers());
        let page = copy.error(&self.app, &PageError::of_status(status));
        // Headers of other layers stay, except those that describe the body.
        let mut headers = response.headers().clone();
        headers.remove(header::CONTENT_LENGTH);
        headers.extend(page.headers().clone());
        let mut replaced = Response::builder().status(status).body(page.into_body());
        *replaced.headers_mut() = headers;
        Ok(replaced)
    }
}

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
