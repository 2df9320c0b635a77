//! The startup gate: answers 503 until the service is ready.

use std::sync::{Arc, OnceLock};

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::{Endpoint, EndpointExt as _, Request, Response, Result};
use vestibule_domain::ports::OsRandom;
use vestibule_http::{ClientAddress, RequestContext, TrustedProxies, protect, starting};

use crate::config::{Config, PublicUrl};

/// The service, once it is ready.
#[derive(Clone)]
pub(crate) struct StartupGate(Arc<Gate>);

struct Gate {
    /// Answers that the process runs but is not ready.
    closed: BoxEndpoint<'static>,
    service: OnceLock<BoxEndpoint<'static>>,
}

impl StartupGate {
    /// Creates the gate, closed.
    pub(crate) fn new(config: &Config) -> Self {
        let is_https = config.public_url.as_ref().is_some_and(PublicUrl::is_https);
        let proxies = TrustedProxies::new(config.trusted_proxies.clone());
        let closed = protect(
            make_sync(|request: Request| starting(request.uri().path())),
            ClientAddress::new(proxies),
            RequestContext::new(Arc::new(OsRandom), is_https),
        )
        .boxed();
        Self(Arc::new(Gate { closed, service: OnceLock::new() }))
    }

    /// Opens the gate to the service; only the first call has an effect.
    pub(crate) fn open(&self, service: BoxEndpoint<'static>) {
        // A process has one service.
        let _ = self.0.service.set(service);
    }
}

impl Endpoint for StartupGate {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        self.0.service.get().unwrap_or(&self.0.closed).call(request).await
    }
}
