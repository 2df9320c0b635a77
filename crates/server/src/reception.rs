//! Who answers at the door: until the service is there, somebody who says that it is not.

use std::sync::{Arc, OnceLock};

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::{Endpoint, EndpointExt as _, Request, Response, Result};
use vestibule_domain::ports::OsRandom;
use vestibule_http::{ClientAddress, Requests, TrustedProxies, protect, starting};

use crate::config::{Config, PublicUrl};

/// The service, once it is there.
#[derive(Clone)]
pub(crate) struct Reception(Arc<Desk>);

struct Desk {
    /// Says that the process runs, and can do nothing yet.
    porter: BoxEndpoint<'static>,
    service: OnceLock<BoxEndpoint<'static>>,
}

impl Reception {
    /// Before there is a service.
    pub(crate) fn new(config: &Config) -> Self {
        let is_https = config.public_url.as_ref().is_some_and(PublicUrl::is_https);
        let proxies = TrustedProxies::new(config.trusted_proxies.clone());
        let porter = protect(
            make_sync(|request: Request| starting(request.uri().path())),
            ClientAddress::new(proxies),
            Requests::new(Arc::new(OsRandom), is_https),
        )
        .boxed();
        Self(Arc::new(Desk { porter, service: OnceLock::new() }))
    }

    /// From now on the service answers; what comes after the first changes nothing.
    pub(crate) fn open(&self, service: BoxEndpoint<'static>) {
        // There is one service in a process.
        let _ = self.0.service.set(service);
    }
}

impl Endpoint for Reception {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        self.0.service.get().unwrap_or(&self.0.porter).call(request).await
    }
}
