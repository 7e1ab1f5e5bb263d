//! Slack's error codes: what they mean, and what is to be done about them.

use jackfield_sdk::error::code;

/// What an error code means, for agents and operators.
pub fn meaning(slack_code: &str) -> Option<&'static str> {
    Some(match slack_code {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            "Slack doesn't accept the bot-token of this channel: install the app again and set the new one."
        }
        "missing_scope" => {
            "The app lacks a scope for this: add it in Slack's settings of the app and install it again."
        }
        "not_allowed_token_type" => "It is another kind of token than a bot's (xoxb-...).",
        "channel_not_found" => "The channel is gone, or the app was never invited to it.",
        "not_in_channel" => "The app isn't in the channel: write /invite @app there.",
        "is_archived" => "The channel is archived.",
        "msg_too_long" | "msg_blocks_too_long" => "The text is too long for Slack.",
        "no_text" => "The text is empty.",
        "restricted_action" | "restricted_action_read_only_channel" => {
            "The workspace lets the app write nothing there."
        }
        "messages_tab_disabled" => "The app's direct messages are switched off in Slack's settings of the app.",
        "thread_not_found" | "restricted_action_thread_locked" => "The thread is gone or locked.",
        _ => return None,
    })
}

/// What a refusal of the API means: the catalogue's code.
pub fn class(status: u16, slack_code: &str) -> &'static str {
    match (status, slack_code) {
        (429, _) | (_, "ratelimited" | "rate_limited" | "message_limit_exceeded") => code::RATE_LIMITED,
        (_, "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "team_added_to_org") => {
            code::TEMPORARY
        }
        (
            _,
            "invalid_auth"
            | "not_authed"
            | "token_revoked"
            | "token_expired"
            | "account_inactive"
            | "missing_scope"
            | "not_allowed_token_type"
            | "no_permission"
            | "org_login_required"
            | "ekm_access_denied"
            | "access_denied"
            | "team_access_not_granted"
            | "two_factor_setup_required",
        ) => code::BAD_CREDENTIALS,
        (_, "msg_too_long" | "msg_blocks_too_long") | (413, _) => code::TOO_LARGE,
        (_, "messages_tab_disabled" | "cannot_reply_to_message" | "user_not_found" | "user_disabled") => {
            code::REJECTED_BY_RECIPIENT
        }
        // Whatever it says: it is Slack's own fault, and passes.
        (408 | 500.., _) => code::TEMPORARY,
        (401 | 403, "") => code::BAD_CREDENTIALS,
        // It says that it went well, and nobody can read what.
        (200..300, "") => code::MAYBE_SENT,
        _ => code::PERMANENT,
    }
}
