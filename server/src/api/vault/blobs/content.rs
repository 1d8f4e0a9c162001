//! `GET /v1/vaults/{id}/blobs/{blob}/content`

use std::io;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;

use crate::blobs::BlobError;
use crate::error::{Problem, ProblemDetails};
use crate::http::address::caller;
use crate::http::places::Place;
use crate::state::AppState;
use crate::store::{BlobPart, BlobRow, BlobStore as _};

/// Reads a blob or a range of it (RFC 9110 §14). Streamed part by part; each part is checked against its hash.
#[utoipa::path(get, path = "/v1/vaults/{id}/blobs/{blob}/content", tag = "vault", security(("vault_access" = [])),
    params(("id" = String, Path, description = "Vault id."), ("blob" = String, Path, description = "Blob id."),
           ("Range" = Option<String>, Header, description = "One range: `bytes=0-1023`, `bytes=1024-`, `bytes=-512`.")),
    responses((status = 200, description = "The whole blob.", content_type = "application/octet-stream", body = Vec<u8>),
              (status = 206, description = "The range.", content_type = "application/octet-stream", body = Vec<u8>),
              (status = 401, description = "`vault-access-refused`.", body = ProblemDetails),
              (status = 404, description = "`vault-blob-unknown`: also while parts are missing.", body = ProblemDetails),
              (status = 429, description = "`rate-limited`: too many at once from this address.", body = ProblemDetails),
              (status = 416, description = "`range-not-satisfiable`.", body = ProblemDetails)))]
pub(super) async fn content(
    State(state): State<AppState>,
    Path((id, blob)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers();
    super::super::authorise(&state, &id, headers).await?;
    let address = caller(&request, state.config.limits.trusted_proxies);
    let place = state.downloads.take(address)?;
    let row = state
        .store
        .blob(&id, &blob)
        .await?
        .filter(|row| row.missing == 0)
        .ok_or_else(super::unknown)?;
    let parts = state.store.blob_parts(&id, &blob).await?;
    let size = row.size;
    let range = range(headers, &blob, size)?;
    let (from, to) = range.unwrap_or((0, size));
    let mut reading = Reading {
        state,
        id,
        row,
        parts,
        at: from,
        to,
        blob: blob.clone(),
        _place: place,
    };
    // The first part is read before anything is answered, so that a store that fails is an error and not a broken answer.
    let first = reading.read().await?;
    let chunks = stream::unfold((Some(first), reading), |(first, mut reading)| async move {
        let chunk = match first {
            Some(first) => Ok(first),
            None => reading.next().await?,
        };
        Some((chunk, (None, reading)))
    });
    let status = range.map_or(StatusCode::OK, |_| StatusCode::PARTIAL_CONTENT);
    let mut response = (status, Body::from_stream(chunks)).into_response();
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{blob}\"")) {
        out.insert(header::ETAG, tag);
    }
    if range.is_some()
        && let Ok(value) = HeaderValue::from_str(&format!("bytes {from}-{}/{size}", to - 1))
    {
        out.insert(header::CONTENT_RANGE, value);
    }
    Ok(response)
}

struct Reading {
    state: AppState,
    id: String,
    blob: String,
    row: BlobRow,
    parts: Vec<BlobPart>,
    at: i64,
    to: i64,
    /// Given back when the caller has read everything or hangs up.
    _place: Place,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Vec<u8>, io::Error>> {
        if self.at >= self.to {
            return None;
        }
        let read = self.read().await.map_err(|error| {
            tracing::error!(%error, "a part of a blob could not be read");
            // The connection breaks off; the caller sees fewer bytes than announced.
            self.at = self.to;
            io::Error::other("a part could not be read")
        });
        Some(read)
    }

    async fn read(&mut self) -> Result<Vec<u8>, BlobError> {
        let number = self.at / super::PART;
        let part = usize::try_from(number)
            .ok()
            .and_then(|number| self.parts.get(number))
            .ok_or(BlobError::Damaged)?;
        let bytes = self
            .state
            .blobs
            .get(&self.state.store, (&self.id, &self.blob), &self.row, number, part)
            .await?;
        let begin = number * super::PART;
        let until = self.to.min(begin + part.size);
        let place = |at: i64| usize::try_from(at - begin).unwrap_or(usize::MAX);
        let chunk = bytes
            .get(place(self.at)..place(until))
            .ok_or(BlobError::Damaged)?
            .to_vec();
        self.at = until;
        Ok(chunk)
    }
}

/// The range asked for, as from and to; `None` for all of it. What is not one range of bytes is ignored, as RFC 9110
/// §14.2 allows; a range after an `If-Range` of another blob is, too.
fn range(headers: &HeaderMap, blob: &str, size: i64) -> Result<Option<(i64, i64)>, Problem> {
    let value = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if value(header::IF_RANGE).is_some_and(|tag| tag.trim_matches('"') != blob) {
        return Ok(None);
    }
    let Some((first, last)) = value(header::RANGE)
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let number = |text: &str| text.trim().parse::<i64>().ok().filter(|number| *number >= 0);
    let (from, to) = match (number(first), number(last)) {
        (Some(from), Some(last)) if last >= from => (from, size.min(last.saturating_add(1))),
        (Some(from), None) if last.trim().is_empty() => (from, size),
        (None, Some(suffix)) if first.trim().is_empty() => ((size - suffix).max(0), size),
        _ => return Ok(None),
    };
    if from >= to {
        return Err(Problem::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "range-not-satisfiable",
            format!("The blob has {size} bytes."),
        ));
    }
    Ok(Some((from, to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        let ask = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, text.parse().unwrap());
            range(&headers, "b", 100).map_err(|problem| problem.code())
        };
        assert_eq!(ask("bytes=0-0"), Ok(Some((0, 1))));
        assert_eq!(ask("bytes=10-19"), Ok(Some((10, 20))));
        assert_eq!(ask("bytes=90-"), Ok(Some((90, 100))));
        assert_eq!(ask("bytes=90-1000"), Ok(Some((90, 100))));
        assert_eq!(ask("bytes=-5"), Ok(Some((95, 100))));
        assert_eq!(ask("bytes=-500"), Ok(Some((0, 100))));
        for ignored in [
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=",
            "bytes=-",
            "bytes=--1",
        ] {
            assert_eq!(ask(ignored), Ok(None), "{ignored}");
        }
        for outside in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=9223372036854775807-",
        ] {
            assert_eq!(ask(outside), Err("range-not-satisfiable"), "{outside}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=0-1".parse().unwrap());
        headers.insert(header::IF_RANGE, "\"other\"".parse().unwrap());
        assert_eq!(range(&headers, "b", 100).ok(), Some(None));
        headers.insert(header::IF_RANGE, "\"b\"".parse().unwrap());
        assert_eq!(range(&headers, "b", 100).ok(), Some(Some((0, 2))));
    }
}
