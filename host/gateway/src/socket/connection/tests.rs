use super::*;

fn size<F>(_: fn(Connection, WebSocket, Option<u64>) -> F) -> usize {
    size_of::<F>()
}

/// Ten thousand agents may be connected, most of them idle.
#[test]
fn an_idle_connection_is_small() {
    let size = size(Connection::run);
    assert!(size <= 4 * 1024, "{size} bytes");
}
