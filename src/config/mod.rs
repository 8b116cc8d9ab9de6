//! Settings: the table of directives, redis.conf syntax, the command line, and `CONFIG`.
//!
//! In: arguments, and file contents through [`Files`]. Out: a [`Config`] and typed [`Settings`].
//! Not here: opening files, and the side effects of a changed directive; `runtime` does both.
//! A directive is one row in `table/`; everything else derives from it.

mod choice;
mod command_line;
mod current;
mod directive;
mod error;
mod file;
mod kind;
mod load;
mod nearest;
mod reference;
mod rewrite;
mod settings;
mod size;
mod table;
mod value;

pub use choice::{EvictionPolicy, LogFormat, LogLevel, ProtectedAction};
pub use command_line::{USAGE, version};
pub use current::{Applied, Caller, Config, Origin};
pub use directive::{Changes, Directive, Effect, Section};
pub use error::{ConfigError, SetError, Warning};
pub use kind::Kind;
pub use load::{Files, Invocation};
pub use reference::reference;
pub use settings::Settings;
pub use table::{SECTIONS, directives, find};
pub use value::{OutputLimit, OutputLimits, SavePoint, Secret, Value};
