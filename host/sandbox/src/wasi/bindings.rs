//! The host's side of what is served of WASI, generated from `wasi/`.

wasmtime::component::bindgen!({
    path: "wasi",
    world: "jackfield:wasi/served",
    imports: {
        "wasi:io/poll.[method]pollable.block": async | trappable,
        "wasi:io/poll.poll": async | trappable,
        default: trappable,
    },
    with: {
        "wasi:io/error.error": crate::wasi::io::IoError,
        "wasi:io/poll.pollable": crate::wasi::io::Pollable,
        "wasi:io/streams.input-stream": crate::wasi::io::InputStream,
        "wasi:io/streams.output-stream": crate::wasi::io::OutputStream,
        "wasi:http/types.fields": crate::wasi::http::fields::Fields,
        "wasi:http/types.outgoing-request": crate::wasi::http::request::OutgoingRequest,
        "wasi:http/types.outgoing-body": crate::wasi::http::request::OutgoingBody,
        "wasi:http/types.request-options": crate::wasi::http::request::RequestOptions,
        "wasi:http/types.future-incoming-response": crate::wasi::http::response::FutureResponse,
        "wasi:http/types.incoming-response": crate::wasi::http::response::IncomingResponse,
        "wasi:http/types.incoming-body": crate::wasi::http::response::IncomingBody,
        "wasi:http/types.future-trailers": crate::wasi::http::response::FutureTrailers,
        "wasi:http/types.incoming-request": crate::wasi::http::server::Never,
        "wasi:http/types.outgoing-response": crate::wasi::http::server::Never,
        "wasi:http/types.response-outparam": crate::wasi::http::server::Never,
    },
    require_store_data_send: true,
});
