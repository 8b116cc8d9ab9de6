//! Why a rule is refused, and why a request is.

/// A rule that cannot be applied; nothing of it has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleError {
    /// No such command, subcommand or category.
    Unknown,
    /// No rule.
    Syntax,
    /// A pattern for keys where all keys are allowed.
    AllKeys,
    /// A pattern for channels where all channels are allowed.
    AllChannels,
    /// A first word behind a subcommand.
    WordOfSubcommand,
    /// A password that the user does not have.
    NoSuchPassword,
    /// Not 64 hexadecimal digits in lower case.
    MalformedHash,
}

impl RuleError {
    /// Redis's words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown command or category name in ACL",
            Self::Syntax => "Syntax error",
            Self::AllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and \
                 does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            Self::AllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and \
                 does not have any effect. Try 'resetchannels' to start with an empty list of \
                 channels"
            }
            Self::WordOfSubcommand => "Allowing first-arg of a subcommand is not supported",
            Self::NoSuchPassword => {
                "The password you are trying to remove from the user does not exist"
            }
            Self::MalformedHash => {
                "The password hash must be exactly 64 characters and contain only lowercase \
                 hexadecimal characters"
            }
        }
    }
}

/// What a user lacks. Of several selectors the one counts that got furthest: the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The command.
    Command,
    /// The key of this number in the wish.
    Key(usize),
    /// The channel of this number in the wish.
    Channel(usize),
}
