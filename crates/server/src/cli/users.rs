//! The commands `user` and `admin`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// Subcommands of `user`.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Create an account
    Create(NewUser),
    /// List all accounts
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show an account
    Show {
        /// Email address or id
        user: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a password, end all sessions, and notify the user by mail
    SetPassword {
        /// Email address or id
        user: String,
        /// Read the password from standard input instead of prompting
        #[arg(long)]
        password_stdin: bool,
    },
    /// Print a single-use reset link, for when mail does not work
    ResetLink {
        /// Email address or id
        user: String,
    },
    /// Activate an account
    Activate {
        /// Email address or id
        user: String,
    },
    /// Deactivate an account and end all its sessions
    Deactivate {
        /// Email address or id
        user: String,
    },
    /// Delete an account and all its data
    Delete {
        /// Email address or id
        user: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Import accounts of another system from JSON lines
    #[command(after_help = "Example:\n  vestibule user import accounts.jsonl --dry-run")]
    Import(Import),
    /// Export the data of one account, or all accounts as JSON lines
    #[command(
        after_help = "Examples:\n  vestibule user export anna@example.com\n  vestibule user export --all > accounts.jsonl"
    )]
    Export(Export),
}

/// Options of `user import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// File of JSON lines; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Report the result of each line without changing anything
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Import accounts with an unsupported password hash without a password; their users reset it
    #[arg(long)]
    pub(crate) drop_unusable_hashes: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `user export`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true))]
pub(crate) struct Export {
    /// Email address or id of the account to export
    #[arg(group = "whom")]
    pub(crate) user: Option<String>,
    /// Export all accounts in the format of `user import`
    #[arg(long, group = "whom")]
    pub(crate) all: bool,
    /// Include password hashes; keep the file secret, they can be attacked offline
    #[arg(long, requires = "all")]
    pub(crate) with_password_hashes: bool,
}

/// Options of `user create` and `admin create`.
#[derive(Debug, Args)]
pub(crate) struct NewUser {
    /// Email address
    #[arg(long)]
    pub(crate) email: String,
    /// Username [default: derived from the address]
    #[arg(long)]
    pub(crate) username: Option<String>,
    /// Read the password from standard input instead of prompting
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Subcommands of `admin`.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Create an administrator account
    Create(NewUser),
    /// List administrators
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make an account an administrator
    Promote {
        /// Email address or id
        user: String,
    },
    /// Revoke administrator rights
    Demote {
        /// Email address or id
        user: String,
    },
}
