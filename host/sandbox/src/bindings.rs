//! The host's side of the specification, generated from `wit/`.
//!
//! Private: what crosses to other crates is mapped to `jackfield_spec` types in `convert.rs`.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "jackfield:channel/everything",
    imports: {
        "jackfield:channel/http.send": async,
        "jackfield:channel/server.progress": async,
        "jackfield:channel/server.query": async,
        "jackfield:channel/timers.set": async,
    },
    exports: { default: async },
    with: {
        "jackfield:channel/blobs.writer": crate::capability::blobs::Writer,
        "jackfield:channel/tcp.connection": crate::capability::unserved::TcpConnection,
    },
    require_store_data_send: true,
});
