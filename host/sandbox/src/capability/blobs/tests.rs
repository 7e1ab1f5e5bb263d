use super::lost;
use crate::tests::drivers::SOUND;
use crate::tests::limits::serving;
use crate::tests::zoo::short;

/// A panic is no end of the server, and is not told as one.
#[tokio::test]
async fn a_panic_is_told_apart_from_the_servers_end() {
    let (_folder, generation) = serving(SOUND, short()).await;
    let channel = &generation.inner.channel;
    let panicked = tokio::task::spawn_blocking(|| panic!("on purpose")).await.expect_err("it panics");
    let told = lost(channel, &panicked);
    assert_eq!(told.code, "unavailable");
    assert!(told.text.contains("the server's log has the reason"), "{}", told.text);
    let task = tokio::spawn(std::future::pending::<()>());
    task.abort();
    let ended = task.await.expect_err("it was ended");
    assert_eq!(lost(channel, &ended).text, "the server goes down");
}
