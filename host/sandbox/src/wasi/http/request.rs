//! A request while the guest words it.

use super::fields::Fields;
use crate::call::State;
use crate::wasi::Held;
use crate::wasi::bindings::wasi::http::types::{
    ErrorCode, HostOutgoingBody, HostOutgoingRequest, HostRequestOptions, Method, Scheme,
};
use crate::wasi::io::OutputStream;
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use wasmtime::component::Resource;

/// A request.
pub struct OutgoingRequest {
    pub(super) method: Method,
    pub(super) scheme: Option<Scheme>,
    pub(super) authority: Option<String>,
    pub(super) path: Option<String>,
    pub(super) fields: Fields,
    /// Comes when the guest has written all of the body; none: there is no body.
    pub(super) body: Option<oneshot::Receiver<Bytes>>,
    /// Which of the instance's bodies that is, in a record.
    pub(super) number: Option<u32>,
}

/// A body that the guest writes.
pub struct Body {
    bytes: Vec<u8>,
    most: usize,
    held: Held,
    whole: Option<oneshot::Sender<Bytes>>,
}

impl Body {
    /// Bytes that it has room for; none when it has ended.
    pub(in crate::wasi) fn room(&self) -> Option<u64> {
        self.whole.as_ref().map(|_| (self.most - self.bytes.len()) as u64)
    }

    /// Adds bytes; none when it has ended, or there is no room for them.
    pub(in crate::wasi) fn write(&mut self, bytes: &[u8]) -> Option<()> {
        let fits = self.room()? >= bytes.len() as u64 && self.held.add(bytes.len());
        fits.then(|| self.bytes.extend_from_slice(bytes))
    }
}

/// The body as the guest holds it.
pub struct OutgoingBody {
    body: Arc<Mutex<Body>>,
    number: u32,
    is_written: bool,
}

/// How long the guest wants to wait.
#[derive(Default)]
pub struct RequestOptions {
    pub(super) first_byte: Option<Duration>,
}

/// Characters that could end a line or a part of a URL do not stand in one.
fn is_clean(text: &str) -> bool {
    text.bytes().all(|byte| byte > b' ' && byte != 0x7f)
}

impl HostOutgoingRequest for State {
    fn new(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Resource<OutgoingRequest>> {
        self.counted()?;
        let fields = self.wasi.delete(fields)?.freeze();
        let (scheme, authority, path, body, number) = (None, None, None, None, None);
        self.wasi.push(OutgoingRequest { method: Method::Get, scheme, authority, path, fields, body, number })
    }

    fn body(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        let channel = self.counted()?;
        let client = channel.as_ref().and_then(|channel| channel.config.grants.client.as_ref());
        let most = client.map_or(0, |client| client.limits().request_bytes);
        let most = self.kept("wasi:http.room", &(), |_| Ok(most))?;
        let held = self.wasi.hold();
        let number = self.wasi.number();
        let request = self.wasi.table.get_mut(&request)?;
        if request.number.is_some() {
            return Ok(Err(()));
        }
        request.number = Some(number);
        let (whole, body) = oneshot::channel();
        request.body = Some(body);
        let body = Arc::new(Mutex::new(Body { bytes: Vec::new(), most, held, whole: Some(whole) }));
        self.wasi.push(OutgoingBody { body, number, is_written: false }).map(Ok)
    }

    fn method(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Method> {
        self.counted()?;
        Ok(self.wasi.table.get(&request)?.method.clone())
    }

    fn set_method(&mut self, request: Resource<OutgoingRequest>, method: Method) -> wasmtime::Result<Result<(), ()>> {
        self.counted()?;
        if matches!(&method, Method::Other(name) if name.is_empty() || name.len() > 64 || !is_clean(name)) {
            return Ok(Err(()));
        }
        self.wasi.table.get_mut(&request)?.method = method;
        Ok(Ok(()))
    }

    fn path_with_query(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<String>> {
        self.counted()?;
        Ok(self.wasi.table.get(&request)?.path.clone())
    }

    fn set_path_with_query(
        &mut self,
        request: Resource<OutgoingRequest>,
        path: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.counted()?;
        let request = self.wasi.table.get_mut(&request)?;
        Ok(set(&mut request.path, path))
    }

    fn scheme(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<Scheme>> {
        self.counted()?;
        Ok(self.wasi.table.get(&request)?.scheme.clone())
    }

    fn set_scheme(
        &mut self,
        request: Resource<OutgoingRequest>,
        scheme: Option<Scheme>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.counted()?;
        if matches!(scheme, Some(Scheme::Other(_))) {
            return Ok(Err(()));
        }
        self.wasi.table.get_mut(&request)?.scheme = scheme;
        Ok(Ok(()))
    }

    fn authority(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<String>> {
        self.counted()?;
        Ok(self.wasi.table.get(&request)?.authority.clone())
    }

    fn set_authority(
        &mut self,
        request: Resource<OutgoingRequest>,
        authority: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.counted()?;
        // Nothing that makes another part of the URL of it.
        if authority.as_ref().is_some_and(|authority| authority.contains(['/', '?', '#', '\\', '@'])) {
            return Ok(Err(()));
        }
        let request = self.wasi.table.get_mut(&request)?;
        Ok(set(&mut request.authority, authority))
    }

    fn headers(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Resource<Fields>> {
        self.counted()?;
        let copy = self.wasi.table.get(&request)?.fields.copied(self.wasi.hold(), true);
        self.wasi.push(copy)
    }

    fn drop(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<()> {
        self.wasi.delete(request).map(drop)
    }
}

/// Sets a part of the URL, if it is one.
fn set(part: &mut Option<String>, text: Option<String>) -> Result<(), ()> {
    /// Longer ones are refused by most servers.
    const LONGEST: usize = 64 << 10;
    if text.as_ref().is_some_and(|text| text.len() > LONGEST || !is_clean(text)) {
        return Err(());
    }
    *part = text;
    Ok(())
}

impl HostOutgoingBody for State {
    fn write(&mut self, body: Resource<OutgoingBody>) -> wasmtime::Result<Result<Resource<OutputStream>, ()>> {
        self.counted()?;
        let body = self.wasi.table.get_mut(&body)?;
        if std::mem::replace(&mut body.is_written, true) {
            return Ok(Err(()));
        }
        let stream = OutputStream::Body(body.body.clone());
        self.wasi.push(stream).map(Ok)
    }

    fn finish(
        &mut self,
        body: Resource<OutgoingBody>,
        trailers: Option<Resource<Fields>>,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        self.counted()?;
        let body = self.wasi.delete(body)?;
        if let Some(trailers) = trailers {
            self.wasi.delete(trailers)?;
            return Ok(Err(ErrorCode::HttpRequestTrailerSectionSize(Some(0))));
        }
        let (bytes, whole) = {
            let mut written = body.body.lock();
            (Bytes::from(std::mem::take(&mut written.bytes)), written.whole.take())
        };
        self.kept("wasi:http.body", &(body.number, &bytes[..]), |_| {
            if let Some(whole) = whole {
                // Without a receiver the request was dropped, and nobody wants the body.
                let _ = whole.send(bytes.clone());
            }
            Ok(())
        })?;
        Ok(Ok(()))
    }

    /// Dropped, and not finished: the request can't be sent.
    fn drop(&mut self, body: Resource<OutgoingBody>) -> wasmtime::Result<()> {
        let body = self.wasi.delete(body)?;
        body.body.lock().whole.take();
        Ok(())
    }
}

impl HostRequestOptions for State {
    fn new(&mut self) -> wasmtime::Result<Resource<RequestOptions>> {
        self.counted()?;
        self.wasi.push(RequestOptions::default())
    }

    fn connect_timeout(&mut self, _: Resource<RequestOptions>) -> wasmtime::Result<Option<u64>> {
        self.counted()?;
        Ok(None)
    }

    /// An error says that this time-out can't be set: there is one for the whole of a request.
    fn set_connect_timeout(
        &mut self,
        _: Resource<RequestOptions>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.counted()?;
        Ok(if timeout.is_none() { Ok(()) } else { Err(()) })
    }

    fn first_byte_timeout(&mut self, options: Resource<RequestOptions>) -> wasmtime::Result<Option<u64>> {
        self.counted()?;
        Ok(self.wasi.table.get(&options)?.first_byte.map(|timeout| timeout.as_nanos() as u64))
    }

    fn set_first_byte_timeout(
        &mut self,
        options: Resource<RequestOptions>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.counted()?;
        self.wasi.table.get_mut(&options)?.first_byte = timeout.map(Duration::from_nanos);
        Ok(Ok(()))
    }

    fn between_bytes_timeout(&mut self, _: Resource<RequestOptions>) -> wasmtime::Result<Option<u64>> {
        self.counted()?;
        Ok(None)
    }

    fn set_between_bytes_timeout(
        &mut self,
        options: Resource<RequestOptions>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.set_connect_timeout(options, timeout)
    }

    fn drop(&mut self, options: Resource<RequestOptions>) -> wasmtime::Result<()> {
        self.wasi.delete(options).map(drop)
    }
}
