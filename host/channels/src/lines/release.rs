//! After the commit: what a call wanted done to connections is done.

use crate::channels::Channels;
use crate::serving::Serving;
use jackfield_sandbox::{LineChange, LogLevel};
use std::sync::Arc;

impl Channels {
    /// Does what a call that has committed wanted done to connections, in order.
    pub(crate) fn release_lines(&self, serving: &Arc<Serving>, changes: Vec<LineChange>) {
        for change in changes {
            match change {
                LineChange::Of { connection, deed } => {
                    if let Err(why) = serving.kept.lines.order(&connection, deed) {
                        self.say(&serving.id, LogLevel::Warn, why);
                    }
                }
                LineChange::Open { connection, url, tls_name } => {
                    self.spawn_open(serving, connection, url, tls_name);
                }
            }
        }
    }
}
