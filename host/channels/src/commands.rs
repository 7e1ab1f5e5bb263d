//! A driver's own commands, which agents call by name.

use crate::channels::Channels;
use jackfield_spec::Kind;
use serde_json::Value;

/// The interaction that carries them.
pub(crate) const INVOKE: &str = "invoke";

/// Why a command of a driver's own can't be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Nothing serves the channel now.
    #[error("the channel isn't served now; try again when it is")]
    NotServed,
    /// The descriptor doesn't list it.
    #[error("{driver} has no command `{name}`; {known}")]
    NotSupported {
        /// The driver.
        driver: String,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The arguments don't fit the command's schema.
    #[error("`arguments{pointer}` doesn't fit: {problem}")]
    Arguments {
        /// Where.
        pointer: String,
        /// What is wrong.
        problem: String,
    },
    /// The command's schema is none.
    #[error("the driver's JSON Schema of `{name}` is wrong ({problem}); ask its vendor")]
    Schema {
        /// The command.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

impl Channels {
    /// The medium in which a channel's driver takes an interaction that begins something: the one asked for, else its only
    /// or first one.
    ///
    /// # Errors
    /// A code of the agents' protocol, and what to do.
    pub fn media_type_for(
        &self,
        channel: &str,
        interaction: &str,
        asked: Option<&str>,
    ) -> Result<String, (&'static str, String)> {
        let serving = self.serving(channel).ok_or_else(|| ("not-found", format!("there is no channel `{channel}`")))?;
        let generation = serving.generation().ok_or_else(|| ("unavailable", CommandError::NotServed.to_string()))?;
        let (driver, descriptor) = (generation.driver().name_and_version(), generation.driver().descriptor());
        if !descriptor.understands(interaction) {
            return Err(("not-supported", format!("{driver} doesn't take `{interaction}`")));
        }
        let named = || descriptor.media_types.iter().map(|media| media.name.clone()).find(|name| name != "*");
        match asked.map(str::to_owned).or_else(named) {
            Some(name) if descriptor.media(&name).is_some() => Ok(name),
            Some(name) => Err(("bad-request", format!("{driver} doesn't bring `{name}`"))),
            None => Err(("bad-request", format!("{driver} brings many media: give `mediaType`"))),
        }
    }

    /// Whether a channel's driver has this command, and the arguments fit it.
    ///
    /// # Errors
    /// [`CommandError`]
    pub fn check_command(&self, channel: &str, name: &str, arguments: &Value) -> Result<(), CommandError> {
        let generation = self.serving(channel).and_then(|serving| serving.generation());
        let generation = generation.ok_or(CommandError::NotServed)?;
        let descriptor = generation.driver().descriptor();
        let command = descriptor.commands.iter().find(|command| command.name == name);
        let Some(command) = command.filter(|_| descriptor.understands(INVOKE)) else {
            let names: Vec<_> = descriptor.commands.iter().map(|command| command.name.as_str()).collect();
            return Err(CommandError::NotSupported {
                driver: generation.driver().name_and_version(),
                name: name.to_owned(),
                known: if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) },
            });
        };
        let validator = jsonschema::validator_for(&command.arguments_schema)
            .map_err(|error| CommandError::Schema { name: name.to_owned(), problem: error.to_string() })?;
        match validator.iter_errors(arguments).next() {
            None => Ok(()),
            Some(error) => Err(CommandError::Arguments {
                pointer: error.instance_path().as_str().to_owned(),
                problem: error.to_string(),
            }),
        }
    }
}

/// Whether a driver answers a command with a message of its own.
pub(crate) fn is_answered(kind: Kind, name: &str) -> bool {
    kind == Kind::Command && name == INVOKE
}
