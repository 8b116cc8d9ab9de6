//! Directives that take one word of a few, as types.

/// Declares an enum whose variants have the names that redis.conf gives them.
macro_rules! choice {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The names, in the order of Redis's error message.
            pub const NAMES: &[&str] = &[$($text),+];

            /// The name as in the configuration file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The variant of a name, in any case.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($text) {
                    return Some(Self::$variant);
                })+
                None
            }
        }
    };
}

choice! {
    /// How much is logged (`loglevel`): each level includes those after it.
    LogLevel {
        /// Everything, for development.
        Debug = "debug",
        /// Much that is rarely useful.
        Verbose = "verbose",
        /// What one wants in production.
        Notice = "notice",
        /// Only what is important or critical.
        Warning = "warning",
    }
}

choice! {
    /// How a log line looks (`log-format`).
    LogFormat {
        /// Redis's lines for people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

choice! {
    /// Which keys go when `maxmemory` is reached (`maxmemory-policy`).
    EvictionPolicy {
        /// The least recently used of the keys that expire.
        VolatileLru = "volatile-lru",
        /// The least frequently used of the keys that expire.
        VolatileLfu = "volatile-lfu",
        /// Any key that expires.
        VolatileRandom = "volatile-random",
        /// The key that expires soonest.
        VolatileTtl = "volatile-ttl",
        /// The least recently used key.
        AllkeysLru = "allkeys-lru",
        /// The least frequently used key.
        AllkeysLfu = "allkeys-lfu",
        /// Any key.
        AllkeysRandom = "allkeys-random",
        /// None: commands that need memory get an error.
        NoEviction = "noeviction",
    }
}

choice! {
    /// Who may do something dangerous (`enable-debug-command`, `enable-protected-configs`).
    ProtectedAction {
        /// Nobody.
        No = "no",
        /// Everybody.
        Yes = "yes",
        /// Clients on the loopback interface or the Unix socket.
        Local = "local",
    }
}
