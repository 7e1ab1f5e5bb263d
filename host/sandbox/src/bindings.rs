//! The host's side of the specification, generated from `wit/`.
//!
//! Private: what crosses to other crates is mapped to `jackfield_spec` types in `convert.rs`.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "jackfield:channel/everything",
    imports: {
        "jackfield:channel/blobs.[method]writer.write": async,
        "jackfield:channel/blobs.create": async,
        "jackfield:channel/blobs.finish": async,
        "jackfield:channel/blobs.put": async,
        "jackfield:channel/http.send": async,
        "jackfield:channel/secrets.compose": async,
        "jackfield:channel/server.progress": async,
        "jackfield:channel/server.query": async,
        "jackfield:channel/tcp.[method]connection.read": async,
        "jackfield:channel/tcp.[method]connection.start-tls": async,
        "jackfield:channel/tcp.[method]connection.write": async,
        "jackfield:channel/tcp.close": async,
        "jackfield:channel/tcp.connect": async,
        "jackfield:channel/timers.set": async,
    },
    exports: { default: async },
    with: {
        "jackfield:channel/blobs.writer": crate::capability::blobs::Writer,
        "jackfield:channel/tcp.connection": crate::capability::tcp::Connection,
    },
    require_store_data_send: true,
    // What crosses is kept in records of calls.
    additional_derives: [serde::Serialize, serde::Deserialize],
});
