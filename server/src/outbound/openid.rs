//! The HTTP stack of the `openidconnect` crate: our own client, with the same guard against our own network, the
//! same time limit, no redirects and bounded bodies.

use std::future::Future;
use std::pin::Pin;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};

use super::{Outbound, OutboundError, no_answer, read_body};

/// Largest answer of a login provider: its metadata, its keys or a token.
const MAX_ANSWER: usize = 256 << 10;

impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

impl Outbound {
    /// One exchange. Unlike elsewhere an error status is an answer: its body says what was wrong (RFC 6749 §5.2).
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
        let (parts, body) = request.into_parts();
        let url = self.target(&parts.uri.to_string())?;
        let sent = self.client.request(parts.method, url).headers(parts.headers);
        let mut response = sent.body(body).send().await.map_err(no_answer)?;
        if response.status().is_redirection() {
            return Err(OutboundError::Redirect);
        }
        let mut answer = http::Response::builder().status(response.status());
        if let Some(media_type) = response.headers().get(http::header::CONTENT_TYPE) {
            answer = answer.header(http::header::CONTENT_TYPE, media_type);
        }
        let body = read_body(&mut response, MAX_ANSWER).await?;
        answer.body(body).map_err(|_| OutboundError::NoAnswer)
    }
}
