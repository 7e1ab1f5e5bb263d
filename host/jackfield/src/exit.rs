//! Exit codes: 0 done, 1 failed, 2 wrong usage or config, 3 server can't be reached, 4 refused.

use std::io;
use std::process::ExitCode;

/// Why the program ends with something else than 0.
#[derive(Debug)]
pub struct Exit {
    code: u8,
    error: anyhow::Error,
}

/// It failed: 1.
pub fn failed(error: anyhow::Error) -> Exit {
    Exit { code: 1, error }
}

/// The usage or the config is wrong: 2.
pub fn wrong(error: anyhow::Error) -> Exit {
    Exit { code: 2, error }
}

/// The same, when what is wrong has been printed already.
pub fn wrong_and_told() -> Exit {
    Exit { code: 2, error: anyhow::Error::msg("") }
}

/// The server can't be reached: 3.
pub fn unreachable(error: anyhow::Error) -> Exit {
    Exit { code: 3, error }
}

/// The server refuses it to this token: 4.
pub fn refused(error: anyhow::Error) -> Exit {
    Exit { code: 4, error }
}

impl Exit {
    /// Whether the server can't be reached.
    pub fn is_unreachable(&self) -> bool {
        self.code == 3
    }

    /// Whether the server refuses this token.
    pub fn is_refused(&self) -> bool {
        self.code == 4
    }

    /// The exit code.
    #[cfg(test)]
    pub fn code(&self) -> u8 {
        self.code
    }
}

impl<E: Into<anyhow::Error>> From<E> for Exit {
    fn from(error: E) -> Self {
        failed(error.into())
    }
}

/// An error with its causes; a cause that the text before it has told already isn't told again.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Says why on stderr.
pub fn report(exit: &Exit) -> ExitCode {
    // Who reads our output has enough of it, such as `head`: nothing went wrong.
    if exit.error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let text = told(&exit.error);
    if !text.is_empty() {
        eprintln!("{text}");
    }
    ExitCode::from(exit.code)
}
