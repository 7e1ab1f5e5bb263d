//! Lists: `{"items":[...],"next":...}`, a page at a time.

use crate::problem::Problem;
use axum::Json;
use axum::extract::{FromRequestParts, Query};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde::{Deserialize, Serialize};

/// Entries of a page, if it isn't said.
const DEFAULT: usize = 100;
/// Entries of a page at most.
const MOST: usize = 500;

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Entries wanted.
    pub(crate) limit: usize,
    /// What the page before ended with.
    pub(crate) cursor: Option<String>,
    path: String,
    /// Further parameters, kept in `next`.
    filter: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<String>,
    cursor: Option<String>,
}

impl Page {
    fn new(path: &str, asked: Asked) -> Result<Self, Problem> {
        let limit = match asked.limit.as_deref().map(str::parse) {
            None => DEFAULT,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => {
                return Err(Problem::bad_request(format!("`limit` is a number from 1 to {MOST}")));
            }
        };
        Ok(Self { limit, cursor: asked.cursor, path: path.to_owned(), filter: Vec::new() })
    }

    /// Keeps a parameter for the pages that follow.
    pub(crate) fn keep(&mut self, name: &'static str, value: Option<&str>) {
        self.filter.extend(value.map(|value| (name, value.to_owned())));
    }

    /// One page of entries that are all at hand, ordered by `key`.
    pub(crate) fn of<T: Serialize>(self, entries: Vec<T>, key: impl Fn(&T) -> &str) -> List<T> {
        let after = |entry: &T| self.cursor.as_deref().is_none_or(|cursor| key(entry) > cursor);
        let mut items: Vec<T> = entries.into_iter().filter(after).take(self.limit + 1).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let last = items.last().filter(|_| more).map(|entry| key(entry).to_owned());
        self.list(items, last)
    }

    /// A page. `last` is the cursor of the next one, if there is more.
    pub(crate) fn list<T>(self, items: Vec<T>, last: Option<String>) -> List<T> {
        let next = last.map(|last| {
            let filter: String = self.filter.iter().map(|(name, value)| format!("&{name}={}", escape(value))).collect();
            format!("{}?cursor={}&limit={}{filter}", self.path, escape(&last), self.limit)
        });
        List { items, next }
    }
}

/// Percent-encodes a query value.
fn escape(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(byte).collect()
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(asked) = query(&parts.uri)?;
        Self::new(parts.uri.path(), asked)
    }
}

/// The query of a request.
pub(crate) fn query<T: serde::de::DeserializeOwned>(uri: &http::Uri) -> Result<Query<T>, Problem> {
    Query::try_from_uri(uri).map_err(|error| Problem::bad_request(error.body_text()))
}

/// A page of a list.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct List<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

#[cfg(test)]
mod tests;
