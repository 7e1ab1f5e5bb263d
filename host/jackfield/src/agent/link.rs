//! The agents' WebSocket, from the agent's side.

use crate::client::{self, Server};
use crate::exit::{Exit, failed};
use anyhow::anyhow;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

/// The protocol that is spoken.
const PROTOCOL: &str = "jackfield.agent.v1";
/// A server that takes longer isn't there.
const OPENING: Duration = Duration::from_secs(10);

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where and as whom.
pub(super) struct Link {
    url: Url,
    authorization: Option<HeaderValue>,
}

impl Link {
    /// For this server. Nothing is opened yet.
    ///
    /// # Errors
    /// Wrong usage: the address or token can't be one.
    pub(super) fn new(server: &Server) -> Result<Self, Exit> {
        client::with_tls();
        Ok(Self { url: server.url()?, authorization: server.authorization()? })
    }

    fn at(&self, after: Option<u64>) -> Result<Url, Exit> {
        let mut url = self.url.clone();
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).map_err(|()| anyhow!("{} has no WebSocket", self.url))?;
        url.set_query(None);
        url.set_fragment(None);
        url.path_segments_mut()
            .map_err(|()| anyhow!("{} can't have a path", self.url))?
            .pop_if_empty()
            .extend(["v1", "agent"]);
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", &after.to_string());
        }
        Ok(url)
    }

    /// Opens it. Events after `after` follow, or a snapshot.
    ///
    /// # Errors
    /// [`Exit`] by its code: the server can't be reached, refuses, or has no such WebSocket.
    pub(super) async fn open(&self, after: Option<u64>) -> Result<Socket, Exit> {
        let url = self.at(after)?;
        let mut request = url.as_str().into_client_request().map_err(|error| failed(error.into()))?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let open = async {
            // A literal address of IPv6 stands in brackets, for URLs only.
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
            let stream = TcpStream::connect((host, url.port_or_known_default().unwrap_or(80))).await?;
            stream.set_nodelay(true)?;
            client_async_tls_with_config(request, stream, Some(WebSocketConfig::default()), None).await
        };
        match tokio::time::timeout(OPENING, open).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(self.refused(error)),
            Err(_) => Err(client::no_server(&self.url, anyhow!("no answer within {} s", OPENING.as_secs()))),
        }
    }

    fn refused(&self, error: tungstenite::Error) -> Exit {
        match error {
            tungstenite::Error::Http(answer) => {
                let body = answer.body().as_deref().unwrap_or_default();
                client::refusal(answer.status().as_u16(), body)
            }
            tungstenite::Error::Io(error) => client::no_server(&self.url, error.into()),
            tungstenite::Error::Tls(error) => client::no_server(&self.url, error.into()),
            error => failed(anyhow!("{} doesn't speak {PROTOCOL}: {error}", self.url)),
        }
    }
}
