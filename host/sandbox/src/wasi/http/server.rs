//! The incoming half of `wasi:http/types`: it comes with the interface, and no guest ever gets hold of any of it. What
//! comes in reaches a driver by its handler `webhook`.

use super::fields::Fields;
use super::request::OutgoingBody;
use super::response::IncomingBody;
use crate::call::State;
use crate::wasi::Ended;
use crate::wasi::bindings::wasi::http::types::{
    ErrorCode, HostIncomingRequest, HostOutgoingResponse, HostResponseOutparam, Method, Scheme,
};
use wasmtime::component::Resource;

/// What nobody has.
pub enum Never {}

/// What is said to a guest that calls these nevertheless.
fn never<T>() -> wasmtime::Result<T> {
    Err(Ended::Misused("there are no incoming requests in wasi:http here; export the handler `webhook`").into())
}

impl HostIncomingRequest for State {
    fn method(&mut self, _: Resource<Never>) -> wasmtime::Result<Method> {
        never()
    }

    fn path_with_query(&mut self, _: Resource<Never>) -> wasmtime::Result<Option<String>> {
        never()
    }

    fn scheme(&mut self, _: Resource<Never>) -> wasmtime::Result<Option<Scheme>> {
        never()
    }

    fn authority(&mut self, _: Resource<Never>) -> wasmtime::Result<Option<String>> {
        never()
    }

    fn headers(&mut self, _: Resource<Never>) -> wasmtime::Result<Resource<Fields>> {
        never()
    }

    fn consume(&mut self, _: Resource<Never>) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        never()
    }

    fn drop(&mut self, _: Resource<Never>) -> wasmtime::Result<()> {
        never()
    }
}

impl HostOutgoingResponse for State {
    fn new(&mut self, _: Resource<Fields>) -> wasmtime::Result<Resource<Never>> {
        never()
    }

    fn status_code(&mut self, _: Resource<Never>) -> wasmtime::Result<u16> {
        never()
    }

    fn set_status_code(&mut self, _: Resource<Never>, _: u16) -> wasmtime::Result<Result<(), ()>> {
        never()
    }

    fn headers(&mut self, _: Resource<Never>) -> wasmtime::Result<Resource<Fields>> {
        never()
    }

    fn body(&mut self, _: Resource<Never>) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        never()
    }

    fn drop(&mut self, _: Resource<Never>) -> wasmtime::Result<()> {
        never()
    }
}

impl HostResponseOutparam for State {
    fn set(&mut self, _: Resource<Never>, _: Result<Resource<Never>, ErrorCode>) -> wasmtime::Result<()> {
        never()
    }

    fn drop(&mut self, _: Resource<Never>) -> wasmtime::Result<()> {
        never()
    }
}
