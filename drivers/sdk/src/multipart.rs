//! Forms with files (`multipart/form-data`, RFC 7578), put together by the host so that files needn't be read.

use crate::encoding::to_hex;
use crate::{Outgoing, Piece, host};

/// A form in the making.
#[derive(Debug)]
pub struct Multipart {
    boundary: String,
    body: Vec<Piece>,
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

impl Multipart {
    /// A form without fields.
    pub fn new() -> Self {
        Self { boundary: format!("jackfield-{}", to_hex(&host::random::bytes(16))), body: Vec::new() }
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let head =
            format!("--{}\r\ncontent-disposition: form-data; name=\"{}\"\r\n\r\n", self.boundary, quotable(name));
        self.body.push(Piece::Text(format!("{head}{value}\r\n")));
        self
    }

    /// Adds a file; `content` is a blob or bytes.
    #[must_use]
    pub fn file(mut self, name: &str, file_name: &str, content_type: &str, content: Piece) -> Self {
        let (name, file_name) = (quotable(name), quotable(file_name));
        let head = format!(
            "--{}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             content-type: {}\r\n\r\n",
            self.boundary,
            content_type.replace(['\r', '\n'], " "),
        );
        self.body.extend([Piece::Text(head), content, Piece::Text("\r\n".into())]);
        self
    }

    /// The request with this form as its body.
    #[must_use]
    pub fn send_with(mut self, request: Outgoing) -> Outgoing {
        self.body.push(Piece::Text(format!("--{}--\r\n", self.boundary)));
        let content_type = format!("multipart/form-data; boundary={}", self.boundary);
        let mut request = request.with_header("content-type", content_type);
        request.body = self.body;
        request
    }
}

/// A name as it may stand in quotes, as browsers write it.
fn quotable(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::Multipart;
    use crate::native::{self, Host};
    use crate::{Outgoing, Piece, Response, header_of};

    #[test]
    fn texts_and_files_stand_in_a_form() {
        native::install(Host::new().with_http(|_| Ok(Response::empty(200))));
        let form =
            Multipart::new().text("a", "ä\"").file("f", "x\"\n.txt", "text/plain", Piece::Bytes(b"1\r\n2".to_vec()));
        form.send_with(Outgoing::new("POST", "https://a.example/")).send().expect("an answer");
        let sent = native::with(|host| host.sent.remove(0));
        let content_type = header_of(&sent.headers, "content-type").next().expect("a type").to_vec();
        let content_type = String::from_utf8(content_type).expect("a text");
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
        let expected = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nä\"\r\n\
             --{boundary}\r\ncontent-disposition: form-data; name=\"f\"; filename=\"x%22%0A.txt\"\r\n\
             content-type: text/plain\r\n\r\n1\r\n2\r\n--{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(sent.body).expect("a text"), expected);
    }
}
