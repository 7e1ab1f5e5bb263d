//! Delivery status notifications (RFC 3464): what became of something that we sent.

use super::mime::{Mail, cut, is_message_id, one_line};

/// What one says about one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Report {
    pub recipient: Option<String>,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded`.
    pub action: String,
    /// `5.1.1`
    pub status: Option<String>,
    pub diagnostic: Option<String>,
}

/// Lines of a report that are read.
const MAX_LINES: usize = 2_000;
/// Recipients that a report may be about; ours have one.
const MAX_REPORTS: usize = 50;

/// What a mail reports; nothing where it is no such notification. Some leave out what kind of report it is.
pub fn reports(mail: &Mail<'_>) -> Vec<Report> {
    let is_report = mail.content_type("report-type").is_some_and(|(essence, kind)| {
        essence == "multipart/report" && kind.is_none_or(|kind| kind.eq_ignore_ascii_case("delivery-status"))
    });
    if !is_report {
        return Vec::new();
    }
    let is_status = |kind: &str| matches!(kind, "message/delivery-status" | "message/global-delivery-status");
    mail.files().find(|file| is_status(&file.media_type)).map(|file| parse(&file.bytes)).unwrap_or_default()
}

/// Reads the fields of a report: groups with empty lines between them, the first about the message as a whole.
pub fn parse(bytes: &[u8]) -> Vec<Report> {
    let text = String::from_utf8_lossy(bytes);
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut reports = Vec::new();
    for line in text.lines().take(MAX_LINES).chain([""]) {
        if line.trim().is_empty() {
            reports.extend(report(&fields));
            fields.clear();
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().into()));
        }
        if reports.len() >= MAX_REPORTS {
            break;
        }
    }
    reports
}

fn report(fields: &[(String, String)]) -> Option<Report> {
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    // `rfc822; ann@example.net`
    let behind_type = |value: &str| one_line(value.split_once(';').map_or(value, |(_, value)| value), 500);
    let action = field("action")?.split([' ', '(']).next().unwrap_or_default().to_ascii_lowercase();
    let status = field("status").and_then(|value| value.split([' ', '(']).next()).filter(|status| is_status(status));
    Some(Report {
        recipient: field("final-recipient").or(field("original-recipient")).map(behind_type),
        action,
        status: status.map(String::from),
        diagnostic: field("diagnostic-code").map(behind_type),
    })
}

fn is_status(text: &str) -> bool {
    let numbers: Vec<&str> = text.split('.').collect();
    numbers.len() == 3
        && numbers
            .iter()
            .all(|number| (1..=3).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The Message-IDs in what the notification brings back of the mail.
pub fn original_ids(mail: &Mail<'_>) -> Vec<String> {
    let is_original = |kind: &str| {
        matches!(kind, "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/global-headers")
    };
    let originals = mail.files().filter(|file| is_original(&file.media_type));
    originals.flat_map(|file| ids_of(&file.bytes)).collect()
}

fn ids_of(headers: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(&headers[..headers.len().min(64 << 10)]).into_owned();
    let mut head = text.lines().take_while(|line| !line.is_empty()).peekable();
    let name = "message-id:";
    let mut ids = Vec::new();
    while let Some(line) = head.next() {
        if !line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            continue;
        }
        // A long one stands on a line of its own.
        let mut value = line[name.len()..].to_owned();
        while let Some(more) = head.next_if(|line| line.starts_with([' ', '\t'])) {
            value.push_str(more);
        }
        let id = cut(value.trim().trim_matches(['<', '>']), 300);
        if is_message_id(id) {
            ids.push(id.to_owned());
        }
    }
    ids
}
