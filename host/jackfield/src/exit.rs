//! Exit codes: 0 done, 1 failed, 2 wrong usage or config, 3 server can't be reached, 4 refused.

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

impl<E: Into<anyhow::Error>> From<E> for Exit {
    fn from(error: E) -> Self {
        failed(error.into())
    }
}

/// Says why on stderr.
pub fn report(exit: &Exit) -> ExitCode {
    eprintln!("{:#}", exit.error);
    ExitCode::from(exit.code)
}
