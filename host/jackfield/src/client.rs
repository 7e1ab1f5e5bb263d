//! Asking a running server.

use crate::exit::{Exit, failed, refused, unreachable, wrong};
use anyhow::{Context, anyhow};
use clap::Args;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, redirect};
use serde_json::Value;
use std::fmt;
use std::sync::Once;
use std::time::Duration;

/// A server that takes longer to answer the connection isn't there.
const CONNECT: Duration = Duration::from_secs(5);
/// A server that takes longer for an answer is in trouble.
const ANSWER: Duration = Duration::from_secs(30);
/// A large driver is compiled while we wait.
const COMPILE: Duration = Duration::from_secs(300);
/// Items of one page; the server gives no more.
const PAGE: usize = 500;

/// Which server, and as whom.
#[derive(Args, Clone)]
#[command(next_help_heading = "Server")]
pub struct Server {
    /// Address of the running server
    #[arg(long, value_name = "URL", env = "JACKFIELD_SERVER", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Token of an operator (for `agent connect`: of an agent). Other users of the machine see a command's options: better
    /// set the variable
    #[arg(long, value_name = "TOKEN", env = "JACKFIELD_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// One thing of a running server's, by its id.
#[derive(Args, Clone, Debug)]
pub struct One {
    /// Its id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: Server,
}

/// Never shows the token.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Server {
    /// The server's address.
    ///
    /// # Errors
    /// It isn't one: wrong usage.
    pub fn url(&self) -> Result<Url, Exit> {
        let bad = |why: &str| {
            wrong(anyhow!("--server (JACKFIELD_SERVER): {why}; give an address such as http://127.0.0.1:8080"))
        };
        let url = Url::parse(&self.server).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(bad("it begins with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("a name or password in it is of no use, the token goes into JACKFIELD_TOKEN"));
        }
        Ok(url)
    }

    /// What stands in the header `Authorization`, if a token was given.
    ///
    /// # Errors
    /// The token can't stand in a header: wrong usage.
    pub fn authorization(&self) -> Result<Option<HeaderValue>, Exit> {
        let Some(token) = self.token.as_deref().map(str::trim).filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            wrong(anyhow!("--token (JACKFIELD_TOKEN): it has a character that no token has, such as a new line"))
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Does the cryptography of https for this process. Harmless to call again.
pub fn with_tls() {
    static ONCE: Once = Once::new();
    // Err: somebody else was faster, and there is one anyway.
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// Asks one server.
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// For this server. Nothing is asked yet.
    ///
    /// # Errors
    /// Wrong usage: the address or token can't be one.
    pub fn new(server: &Server) -> Result<Self, Exit> {
        let base = server.url()?;
        with_tls();
        let mut headers = HeaderMap::new();
        if let Some(value) = server.authorization()? {
            headers.insert(AUTHORIZATION, value);
        }
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // The token is for this server only, and a server doesn't move while it is asked.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("jackfield/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client can't start")?;
        Ok(Self { http, base })
    }

    /// `/v1/` and these segments below the server's address, with these parameters.
    fn at(&self, path: &[&str], query: &[(&str, String)]) -> Result<Url, Exit> {
        // In an address these would stand for another place.
        if let Some(bad) = path.iter().find(|part| matches!(**part, "" | "." | "..")) {
            return Err(wrong(anyhow!("`{bad}` is no id")));
        }
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.path_segments_mut()
            .map_err(|()| anyhow!("{} can't have a path", self.base))?
            .pop_if_empty()
            .push("v1")
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// What is at a path.
    ///
    /// # Errors
    /// [`Exit`] by its code: the server can't be reached, refuses, or has an error.
    pub async fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value, Exit> {
        let url = self.at(path, query)?;
        self.ask(Method::GET, url).await
    }

    /// Asks for something to be done; null if there is nothing to tell of it.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: &[&str]) -> Result<Value, Exit> {
        let url = self.at(path, &[])?;
        self.ask(Method::POST, url).await
    }

    /// Puts bytes there, and waits for what a compiler may take.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn put(&self, path: &[&str], body: Vec<u8>) -> Result<Value, Exit> {
        let url = self.at(path, &[])?;
        let request = self.http.put(url).header(CONTENT_TYPE, "application/wasm").body(body).timeout(COMPILE);
        self.answer(request).await
    }

    /// Removes what is at a path; null if there is nothing to tell of it.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn delete(&self, path: &[&str]) -> Result<Value, Exit> {
        let url = self.at(path, &[])?;
        self.ask(Method::DELETE, url).await
    }

    /// The first `limit` items of a list, page by page, and whether there are more.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn list(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        limit: usize,
    ) -> Result<(Vec<Value>, bool), Exit> {
        let mut query = query.to_vec();
        query.push(("limit", limit.clamp(1, PAGE).to_string()));
        let mut url = self.at(path, &query)?;
        let mut items = Vec::new();
        loop {
            let mut page = self.ask(Method::GET, url).await?;
            let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) else {
                return Err(self.strange("a list without `items`"));
            };
            let nothing = found.is_empty();
            items.extend(found);
            let next = page.get("next").and_then(Value::as_str);
            if items.len() >= limit {
                let more = next.is_some() || items.len() > limit;
                items.truncate(limit);
                return Ok((items, more));
            }
            match next {
                // A page of nothing that names a next one would be asked for ever.
                Some(next) if !nothing => url = self.next(next)?,
                _ => return Ok((items, false)),
            }
        }
    }

    /// The next page's address. It must be the same server's: the token goes there.
    fn next(&self, next: &str) -> Result<Url, Exit> {
        if !next.starts_with('/') || next.starts_with("//") || next.contains('\\') {
            return Err(self.strange("a next page that is elsewhere"));
        }
        let base = self.base.as_str().split(['?', '#']).next().unwrap_or("");
        Url::parse(&format!("{}{next}", base.trim_end_matches('/')))
            .map_err(|_| self.strange("a next page without an address"))
    }

    fn strange(&self, what: &str) -> Exit {
        failed(anyhow!("{} answers {what}; is it a jackfield server of this version?", self.base))
    }

    async fn ask(&self, method: Method, url: Url) -> Result<Value, Exit> {
        self.answer(self.http.request(method, url)).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Exit> {
        let answer = request.send().await.map_err(|error| no_server(&self.base, error.without_url().into()))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(problem(status, answer).await);
        }
        let body = answer.bytes().await.map_err(|error| no_server(&self.base, error.without_url().into()))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| self.strange("something else than JSON"))
    }
}

/// The server can't be reached.
pub fn no_server(url: &Url, error: anyhow::Error) -> Exit {
    unreachable(error.context(format!(
        "the server at {url} can't be reached; see that it runs, and that --server (JACKFIELD_SERVER) is its address"
    )))
}

/// An answer that isn't a success, as what it means for the command.
async fn problem(status: StatusCode, answer: Response) -> Exit {
    let body = answer.bytes().await.unwrap_or_default();
    refusal(status.as_u16(), &body)
}

/// What a refusing answer's status and body mean for the command.
pub fn refusal(status: u16, body: &[u8]) -> Exit {
    let said = said(status, body);
    match status {
        401 => refused(anyhow!("{said}; give the token of an operator or agent with JACKFIELD_TOKEN or --token")),
        403 => refused(anyhow!("{said}")),
        _ => failed(anyhow!("{said}")),
    }
}

/// `title: detail` of problem+json, else the status.
fn said(status: u16, body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |name: &str| crate::out::text(&problem, name).filter(|text| !text.is_empty()).map(crate::out::one_line);
    match (of("title"), of("detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(said), None) | (None, Some(said)) => said,
        (None, None) => {
            let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
            format!("the server answers {status} {}", name.unwrap_or_default()).trim_end().to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
