//! The S3-compatible store of blobs. The operator names it, so unlike other addresses it may be in our own network;
//! redirects and proxies are off here, too. `object_store` signs and retries, our own client carries.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};
use reqwest::redirect;

/// Longest time of one exchange: a part is at most 1 MiB.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer we read: a part, or a list of what was wrong.
const MAX_ANSWER: usize = 4 << 20;

/// The object store could not do it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ObjectError(String);

impl From<object_store::Error> for ObjectError {
    fn from(error: object_store::Error) -> Self {
        // The crate's texts name the object and the status, never keys.
        Self(error.to_string())
    }
}

/// Where the store is.
pub struct ObjectSettings<'a> {
    /// Its address, e.g. `https://s3.example`.
    pub endpoint: &'a str,
    /// Region, e.g. `eu-west-1`.
    pub region: &'a str,
    /// Bucket.
    pub bucket: &'a str,
    /// First part of every object's name.
    pub prefix: &'a str,
    /// Name of the access key.
    pub access_key_id: &'a str,
    /// The access key.
    pub secret_access_key: &'a str,
}

impl std::fmt::Debug for ObjectSettings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectSettings").finish_non_exhaustive()
    }
}

/// A bucket.
#[derive(Debug)]
pub struct ObjectClient {
    store: AmazonS3,
    prefix: String,
}

impl ObjectClient {
    /// A client; connects when it is used.
    ///
    /// # Errors
    /// [`ObjectError`] when the settings make no client.
    pub fn new(settings: &ObjectSettings<'_>) -> Result<Self, ObjectError> {
        let carrier = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| ObjectError(error.to_string()))?;
        let store = AmazonS3Builder::new()
            .with_endpoint(settings.endpoint)
            .with_region(settings.region)
            .with_bucket_name(settings.bucket)
            .with_access_key_id(settings.access_key_id)
            .with_secret_access_key(settings.secret_access_key)
            .with_virtual_hosted_style_request(false)
            .with_allow_http(settings.endpoint.starts_with("http://"))
            .with_http_connector(Carrier(carrier))
            .build()?;
        Ok(Self {
            store,
            prefix: settings.prefix.trim_matches('/').to_owned(),
        })
    }

    /// Stores an object.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn put(&self, name: &str, bytes: &[u8]) -> Result<(), ObjectError> {
        self.store
            .put(&self.path(name), PutPayload::from(bytes.to_vec()))
            .await?;
        Ok(())
    }

    /// Reads an object of at most `most` bytes.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn get(&self, name: &str, most: usize) -> Result<Vec<u8>, ObjectError> {
        let found = self.store.get(&self.path(name)).await?;
        if found.meta.size > most as u64 {
            return Err(ObjectError("an object is larger than what was stored".to_owned()));
        }
        Ok(found.bytes().await?.to_vec())
    }

    /// Deletes an object. One that is not there is no error.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn delete(&self, name: &str) -> Result<(), ObjectError> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }
}

/// Our client, as the crate wants it.
#[derive(Debug, Clone)]
struct Carrier(reqwest::Client);

impl HttpConnector for Carrier {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Carrier {
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.exchange(request))
    }
}

impl Carrier {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let mut response = self
            .0
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(reqwest::Body::wrap(body))
            .send()
            .await
            .map_err(carried)?;
        let mut answer = axum::http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = response.headers().clone();
        }
        let body = super::read_body(&mut response, MAX_ANSWER)
            .await
            .map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
        answer
            .body(HttpResponseBody::from(body))
            .map_err(|error| HttpError::new(HttpErrorKind::Decode, error))
    }
}

fn carried(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Unknown
    };
    HttpError::new(kind, error.without_url())
}
