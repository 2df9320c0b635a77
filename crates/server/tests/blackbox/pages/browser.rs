//! A minimal browser: it keeps cookies, follows no redirects, and sends the hidden fields of the
//! current page.

use std::cell::RefCell;
use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;

use crate::service::Service;

/// A page in the browser.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

/// Sends a form as a modern browser does, without a previous page and without cookies.
pub(crate) fn form(
    service: &Service,
    path: &str,
    fields: &[(&str, &str)],
) -> reqwest::RequestBuilder {
    client()
        .post(service.url(path))
        .header("Sec-Fetch-Site", "same-origin")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(encoded(fields))
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

/// A browser of a user.
pub(crate) struct Browser<'a> {
    service: &'a Service,
    http: reqwest::Client,
    cookies: RefCell<BTreeMap<String, String>>,
    /// The form token of the current page.
    form_token: RefCell<String>,
    language: &'static str,
}

impl<'a> Browser<'a> {
    pub(crate) fn of(service: &'a Service) -> Self {
        let http = client();
        let (cookies, form_token) = (RefCell::default(), RefCell::default());
        Self { service, http, cookies, form_token, language: "en" }
    }

    /// Sets the preferred language.
    pub(crate) fn preferring(self, language: &'static str) -> Self {
        Self { language, ..self }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        let request = self.http.get(self.service.url(path));
        self.exchange(request).await
    }

    /// Sends a form of the current page.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.form_token.borrow().clone();
        let mut all = vec![("form_token", token.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all, &[]).await
    }

    /// Sends a form with only the given fields and headers.
    pub(crate) async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let mut request = self.http.post(self.service.url(path)).body(encoded(fields));
        request = request.header("Content-Type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.exchange(request).await
    }

    /// Signs in on the page.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Page {
        self.get("/login").await;
        self.submit("/login", &[("email", email), ("password", password)]).await
    }

    /// The value of a cookie, by its name without prefix.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(&format!("__Host-vestibule_{name}")).cloned()
    }

    /// Replaces a cookie.
    pub(crate) fn keep(&self, name: &str, value: &str) {
        let name = format!("__Host-vestibule_{name}");
        self.cookies.borrow_mut().insert(name, value.to_owned());
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("Accept-Language", self.language);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            self.take(cookie.to_str().unwrap());
        }
        // Templates also escape slashes.
        let html = response.text().await.unwrap().replace("&#x2f;", "/");
        if let Some(token) = hidden(&html, "form_token") {
            self.form_token.replace(token);
        }
        Page { status, headers, html }
    }

    fn take(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').expect("attributes");
        for needed in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
            let has = attributes.split(';').any(|attribute| attribute.trim() == needed);
            assert!(has, "{cookie} lacks {needed}");
        }
        assert!(!attributes.contains("Domain"), "{cookie}");
        let (name, value) = pair.split_once('=').unwrap();
        assert!(name.starts_with("__Host-"), "{cookie}");
        if attributes.contains("Max-Age=0") {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Page {
    /// Asserts a redirect to an address.
    #[track_caller]
    pub(crate) fn leads_to(&self, address: &str) {
        let location = self.headers.get(LOCATION).map(|value| value.to_str().unwrap());
        assert_eq!((self.status, location), (303, Some(address)), "{}", self.html);
    }

    /// Asserts a status and a text.
    #[track_caller]
    pub(crate) fn says(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{}", self.html);
        assert!(self.html.contains(words), "{words:?} is not in {}", self.html);
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> Option<String> {
        hidden(&self.html, name)
    }
}

fn hidden(html: &str, name: &str) -> Option<String> {
    let field = html.split("<input").find(|tag| {
        let tag = tag.split('>').next().unwrap_or_default();
        tag.contains(&format!("name=\"{name}\"")) && tag.contains("type=\"hidden\"")
    })?;
    let value = field.split('>').next()?.split_once("value=\"")?.1;
    value.split('"').next().map(str::to_owned)
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
