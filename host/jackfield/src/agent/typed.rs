//! What an agent types.

/// A typed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// An empty line.
    Nothing,
    /// A presence, and why.
    State(&'static str, Option<String>),
    /// Take an offer: the one named, or the newest.
    Accept(Option<String>),
    /// Refuse an offer. The first word may name it, the rest says why.
    Reject(String),
    /// To the customer.
    Say(String),
    /// List work items and offers.
    Items,
    /// Use this work item.
    Use(String),
    /// End the work item, with a wrap-up code.
    Done(Option<String>),
    /// Set the work item aside.
    Hold,
    /// Go on with it.
    Resume,
    /// Pass it on to an agent.
    Transfer(String),
    /// Pass it on to a queue.
    TransferToQueue(String),
    /// Ask another agent in.
    Consult(String),
    /// Give it to the agent who was asked in.
    HandOver,
    /// Take back what was asked of others.
    TakeBack,
    /// Leave a work item that one was asked into.
    Leave,
    /// Take a work item that waits, by its id.
    Pick(String),
    /// Say what can be typed.
    Help,
    /// Leave.
    Quit,
}

/// What can be typed.
pub(super) const HELP: &str = "\
available, busy, away [REASON], finishing, offline
accept [N]             take the offer of work item N, or the newest
reject [N] [REASON]    refuse it
TEXT, say TEXT         answer the customer of the work item in use
items                  list offers and work items
use N                  answer the customer of work item N from now on
done [CODE]            end the work item in use; again: end wrapping up
hold, resume           set it aside, go on with it
transfer AGENT         pass it on; `transfer queue NAME` to a queue
consult AGENT          ask an agent in; `handover` gives it to that agent
takeback               take back what was asked of others
leave                  leave a work item that you were asked into
pick ID                take a work item that waits
quit                   leave";

/// Understands a line.
///
/// What isn't a command is said to a customer, so a word is a command only in exactly its form: `busy` alone is one,
/// `busy day` is talk.
pub(super) fn parse(line: &str) -> Typed {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
    let one_word = !rest.contains(char::is_whitespace);
    let named = || (!rest.is_empty()).then(|| rest.to_owned());
    match word {
        "" => Typed::Nothing,
        "available" if rest.is_empty() => Typed::State("available", None),
        "busy" if rest.is_empty() => Typed::State("busy", None),
        "finishing" if rest.is_empty() => Typed::State("finishing", None),
        "offline" if rest.is_empty() => Typed::State("offline", None),
        "away" => Typed::State("away", named()),
        "accept" if one_word => Typed::Accept(named()),
        "reject" => Typed::Reject(rest.to_owned()),
        "say" if !rest.is_empty() => Typed::Say(rest.to_owned()),
        "items" if rest.is_empty() => Typed::Items,
        "use" if one_word && !rest.is_empty() => Typed::Use(rest.to_owned()),
        "done" if one_word => Typed::Done(named()),
        "hold" if rest.is_empty() => Typed::Hold,
        "resume" if rest.is_empty() => Typed::Resume,
        "transfer" if one_word && !rest.is_empty() => Typed::Transfer(rest.to_owned()),
        "transfer" => match rest.strip_prefix("queue ").map(str::trim) {
            Some(queue) if !queue.is_empty() && !queue.contains(char::is_whitespace) => {
                Typed::TransferToQueue(queue.to_owned())
            }
            _ => Typed::Say(line.to_owned()),
        },
        "consult" if one_word && !rest.is_empty() => Typed::Consult(rest.to_owned()),
        "handover" if rest.is_empty() => Typed::HandOver,
        "takeback" if rest.is_empty() => Typed::TakeBack,
        "leave" if rest.is_empty() => Typed::Leave,
        "pick" if is_id(rest) => Typed::Pick(rest.to_owned()),
        "help" | "?" if rest.is_empty() => Typed::Help,
        "quit" | "exit" if rest.is_empty() => Typed::Quit,
        _ => Typed::Say(line.to_owned()),
    }
}

/// Whether this looks like a work item's id, and not like talk.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests;
