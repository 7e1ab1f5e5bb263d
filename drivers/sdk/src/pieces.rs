//! Answers that go out in several pieces: each is noted when it is out, so that a later try goes on behind it.

use crate::error::code;
use crate::{Delivery, Error, Result, host};

/// Sends the pieces of a delivery that are not out yet, in order; the channel's ids of all. `send` is given a piece and the
/// ids of those before it, and gives the channel's id of what it sent. `service` is what the channel's service is called.
///
/// # Errors
/// That of the piece that could not be sent; its text says how many are out. `maybe-sent` where an earlier try may have
/// reached the customer: services that can't be asked are not sent it again.
pub fn send<T>(
    delivery: &Delivery,
    service: &str,
    pieces: &[T],
    mut send: impl FnMut(&T, &[String]) -> Result<String>,
) -> Result<Vec<String>> {
    let mut ids = delivery.progress.clone();
    if delivery.previous == "unknown" && ids.len() < pieces.len() {
        let text =
            format!("an earlier try may have reached the customer, and {service} can't be asked; it isn't sent again");
        return Err(Error::new(code::MAYBE_SENT, text));
    }
    for piece in pieces.iter().skip(ids.len()) {
        let id = send(piece, &ids).map_err(|error| match ids.len() {
            0 => error,
            out => Error { text: format!("{out} of {} pieces are out: {}", pieces.len(), error.text), ..error },
        })?;
        if pieces.len() > 1 {
            // Whatever happens to the pieces after it, this one is out.
            host::server::progress(&id)?;
        }
        ids.push(id);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::send;
    use crate::native::{self, Host};
    use crate::{Delivery, Error, WorkItem};

    fn delivery() -> Delivery {
        native::delivery(native::answer("m", WorkItem::new("c", "a"), "x"))
    }

    #[test]
    fn a_later_try_goes_on_behind_what_is_out() {
        native::install(Host::new());
        let failed = send(&delivery(), "X", &["a", "b"], |piece, _| match *piece {
            "a" => Ok("1".into()),
            _ => Err(Error::new("temporary", "no")),
        });
        assert_eq!(failed.expect_err("the second").text, "1 of 2 pieces are out: no");
        let progress = native::with(|host| host.progress.clone());
        assert_eq!(progress, ["1"]);
        let again = Delivery { previous: "failed".into(), progress, ..delivery() };
        let sent = send(&again, "X", &["a", "b"], |piece, before| Ok(format!("{piece}{}", before.len())));
        assert_eq!(sent, Ok(vec!["1".into(), "b1".into()]));
    }

    #[test]
    fn what_may_be_out_is_not_sent_again_unless_it_is_known() {
        native::install(Host::new());
        let unknown = |progress: &[&str]| {
            let progress = progress.iter().map(|id| (*id).into()).collect();
            let delivery = Delivery { previous: "unknown".into(), progress, ..delivery() };
            send(&delivery, "X", &["a", "b"], |_, _| panic!("sent again")).map_err(|error| error.code)
        };
        assert_eq!(unknown(&[]), Err("maybe-sent".into()));
        assert_eq!(unknown(&["1"]), Err("maybe-sent".into()));
        assert_eq!(unknown(&["1", "2"]), Ok(vec!["1".into(), "2".into()]));
    }
}
